# syntax=docker/dockerfile:1
# Build:  docker build -t neptun-auth .
# Run:    docker run -p 8080:8080 -v neptun-auth:/data neptun-auth

# Builder and runtime use the same Debian release, so that the binary finds the glibc it was linked with.
FROM rust:1-bookworm AS build
WORKDIR /src
COPY . .
# The caches keep compiled dependencies from one build to the next. Cargo compares file times, so it would reuse an old
# build of this crate if the sources' times are older; `touch` makes it compile the crate again.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target,sharing=locked \
    touch src/lib.rs src/main.rs \
 && cargo build --release --locked --bin neptun-auth \
 && cp target/release/neptun-auth /usr/local/bin/neptun-auth

# No packages are installed: the binary includes SQLite and the root certificates for PostgreSQL and mail servers.
FROM debian:bookworm-slim
# A new named volume takes over the owner and the mode of the directory it is mounted on.
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin neptun-auth \
 && install --directory --owner=neptun-auth --group=neptun-auth --mode=0700 /data
# The binary includes a list of common passwords, whose licence requires this notice.
COPY LICENSE-MIT LICENSE-APACHE src/model/user/common_passwords.LICENSE /usr/share/doc/neptun-auth/
COPY --from=build /usr/local/bin/neptun-auth /usr/local/bin/neptun-auth

# A number, because an orchestrator that enforces "not root" cannot look up a name.
USER 10001:10001
# These names have a lower priority than those with NEPTUN_AUTH_, so a platform can replace them by setting either.
ENV DATABASE_URL=sqlite:/data/neptun-auth.db \
    PORT=8080
VOLUME /data
EXPOSE 8080

# A stop takes up to 10 s, because requests in flight are answered first. Docker kills after 10 s by default, so use
# `docker stop -t 15`.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["neptun-auth", "health"]
ENTRYPOINT ["neptun-auth"]
