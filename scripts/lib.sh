# What the scripts share; sourced, not run.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# The tools that scripts/install-tools put beside the project come before the machine's own.
export PATH="$root/target/venv/bin:$root/tests/node_modules/.bin:$root/target/tools/bin:$PATH:$HOME/.cargo/bin"
export ARTEFACTS=${ARTEFACTS:-$root/target/artefacts}

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "$@"
  exit 1
}

# Installs the pinned version of an extension of Cargo under target/tools, once. Without optimisation, because its build
# takes longer than its runs.
install_cargo_tool() {
  local version
  case $1 in
    cargo-deb) version=3.8.0 ;;
    cargo-cyclonedx) version=0.5.9 ;;
    cargo-deny) version=0.20.2 ;;
    *) fail "There is no pinned version of $1." ;;
  esac
  [[ -e $root/target/tools/$1-$version ]] && return
  say "Installing $1 $version"
  env --unset=CARGO_TARGET_DIR cargo install --quiet --locked --debug --force --root "$root/target/tools" \
    "${@:2}" "$1@$version"
  touch "$root/target/tools/$1-$version"
}

# Without its own compressors; tar and xz of the machine do their work.
install_cargo_deb() {
  install_cargo_tool cargo-deb --no-default-features
}

# The manual and the completions that a program writes of itself, as the package and the archive have them.
write_manual() {
  local binary=$1 folder=$2
  rm -rf "$folder"/{manual,completions}
  mkdir -p "$folder/completions"
  "$binary" man "$folder/manual"
  "$binary" completions bash >"$folder/completions/neptun-auth.bash"
  "$binary" completions fish >"$folder/completions/neptun-auth.fish"
  "$binary" completions zsh >"$folder/completions/_neptun-auth"
}

# Makes the Debian package around this program, target/services/debian/neptun-auth_*.deb. Two suites test it, and only
# the first one has to make it.
make_debian_package() {
  local binary=$1 folder=$root/target/services/debian
  if has_debian_package_of "$binary" "$folder"; then return; fi
  rm -rf "$folder"
  # cargo-deb packs what lies at release/ in the target folder, and leaves out silently what is not there.
  mkdir -p "$folder/target/release"
  ln -s "$binary" "$folder/target/release/neptun-auth"
  write_manual "$binary" "$folder/target/release"
  install_cargo_deb
  env --chdir="$root" CARGO_TARGET_DIR="$folder/target" \
    cargo deb --quiet --no-build --locked --fast --output "$folder/" >/dev/null
}

# Not if something that is packed has changed since.
has_debian_package_of() {
  local binary=$1 folder=$2 package=("$2"/neptun-auth_*.deb)
  [[ -f ${package[0]} && $(readlink "$folder/target/release/neptun-auth") == "$binary" ]] || return
  [[ -z $(find "$binary" "$root"/{Cargo.toml,README.md,LICENSE-*,deploy/debian,src/model,scripts/lib.sh} \
    -newer "${package[0]}" -print -quit) ]]
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# A Chromium of the machine's own. Nothing, when the tests have to use the one that Playwright installs.
find_chromium() {
  local name path
  for name in chromium google-chrome; do
    path=$(command -v "$name") || continue
    [[ $path == /snap/* ]] && continue
    printf '%s\n' "$path"
    return
  done
  return 1
}

# Runs a command in a process group of its own and hands INT and TERM to all of it, so that a cancelled run leaves
# nothing behind: bash alone would end and let its child go on.
supervise() {
  local child status=0 cancelled=no
  set -m
  "$@" &
  child=$!
  set +m
  trap 'cancelled=yes; kill -TERM -- "-$child" 2>/dev/null || true' INT TERM
  wait "$child" || status=$?
  # A signal ends the first wait before the child has ended.
  while kill -0 "$child" 2>/dev/null; do wait "$child" || status=$?; done
  trap - INT TERM
  if [[ $cancelled == yes ]]; then exit 143; fi
  return "$status"
}
