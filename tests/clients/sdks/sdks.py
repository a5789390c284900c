"""Tries each generator in three steps and writes what happened into the table of openapi/README.md."""

import datetime
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(os.environ["root"])
HERE = Path(__file__).parent
WORK = ROOT / "target/sdks"
DOCUMENT = ROOT / "openapi/openapi.json"
README = ROOT / "openapi/README.md"
START, END = "<!-- sdks: written by scripts/sdks -->\n", "<!-- end of sdks -->\n"
OPENAPI_GENERATOR = "7.26.0"
JAR = WORK / f"generator-{OPENAPI_GENERATOR}/openapi_generator_cli/openapi-generator.jar"
# Debian's package; the generator's own program has the other libraries that a Java client needs.
ANNOTATIONS = "/usr/share/java/geronimo-annotation-1.3-spec.jar"
TIME_LIMIT = 240  # seconds for each step
STEPS = ["generates", "compiles", "runs"]


@dataclass
class Sdk:
    """A client of one generator. Each step is a shell command in the folder of its own."""

    language: str
    generator: str
    folder: str
    generate: str
    compile: str | None = None
    run: str | None = None
    note: str = ""
    result: list[str] = field(default_factory=list)


def node(name: str, generator: str, generate: str, note: str = "") -> Sdk:
    checked = f'sed "s/PROGRAM/{name}.mts/" tsconfig.one.json >tsconfig.{name}.json && npx tsc -p tsconfig.{name}.json'
    bundled = f"npx esbuild {name}.mts --bundle --platform=node --format=esm --outfile=run/{name}.mjs --log-level=error"
    banner = """--banner:js="import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" """
    return Sdk("TypeScript", generator, "typescript", generate, checked, f"{bundled} {banner} && node run/{name}.mjs", note)


def official(language: str, template: str, folder: str, output: str, more: str = "", **steps: str) -> Sdk:
    generate = f"java -jar {JAR} generate -q -g {template} -i openapi.json -o {output} {more}"
    return Sdk(language, f"OpenAPI Generator {OPENAPI_GENERATOR}, `{template}`", folder, generate, **steps)


PHP = "find generated/lib -name '*.php' -print0 | xargs -0 -n1 php -l >/dev/null"
RUBY = "find generated/lib -name '*.rb' -print0 | xargs -0 -n1 ruby -c >/dev/null"
SDKS = [
    node("openapi-typescript", "openapi-typescript 7.13.0 with openapi-fetch",
         "npx openapi-typescript openapi.json --output generated/openapi-typescript/schema.d.ts"),
    node("hey-api", "hey-api 0.99.0",
         "npx openapi-ts -i openapi.json -o generated/hey-api --client @hey-api/client-fetch"),
    node("orval", "orval 8.38.0, `fetch`", "npx orval --config orval.config.ts"),
    node("kubb", "kubb 4.39.3, `fetch`", "npx kubb generate --config kubb.config.ts",
         "pass `headers: { \"Content-Type\": \"application/json\" }`: it sends JSON without saying so"),
    *[node(template, f"OpenAPI Generator {OPENAPI_GENERATOR}, `{template}`",
           f"java -jar {JAR} generate -q -g {template} -i openapi.json -o generated/{template}")
      for template in ["typescript-fetch", "typescript-axios"]],
    Sdk("Python", "openapi-python-client 0.29.1", "python",
        f"{sys.executable} -m openapi_python_client generate --path openapi.json --meta none --overwrite "
        "--fail-on-warning --output-path neptun_auth_client",
        f"cp {ROOT}/tests/clients/python/test_client.py . && python -m compileall -q neptun_auth_client",
        "python -m pytest -q -p no:cacheprovider test_client.py"),
    official("Python", "python", "python", "generated",
             compile="pip install -q --target installed -r generated/requirements.txt && "
             "python -m compileall -q generated/openapi_client",
             run="PYTHONPATH=generated:installed python story.py"),
    official("Java", "java", "java", "generated", "--library native --additional-properties=openApiNullable=false",
             compile=f"mkdir -p classes && javac -nowarn -cp {JAR}:{ANNOTATIONS} -d classes Story.java "
             "$(find generated/src/main/java -name '*.java')",
             run=f"java -cp {JAR}:classes Story"),
    official("Go", "go", "go", "generated",
             compile="sed -i 's/^go 1\\..*/go 1.18/' generated/go.mod && (cd generated && rm -rf test && go build ./...)",
             run="mkdir -p generated/story && cp main.go generated/story && (cd generated && go run ./story)"),
    official("Ruby", "ruby", "ruby", "generated", "--model-name-mappings ApiError=ErrorBody",
             compile=f"sed -i 's/in: ,/in: \"header\",/; s/key: .neptun-session./key: \"Cookie\"/' generated/lib/openapi_client/configuration.rb && {RUBY}",
             run="ruby -I generated/lib story.rb",
             note="add `--model-name-mappings ApiError=ErrorBody`; in `configuration.rb` write `in: \"header\",` for "
             "`in: ,` and `key: \"Cookie\"` below it"),
    official("PHP", "php", "php", "generated", compile=PHP, run="php story.php"),
    *[official(language, template, template, "generated") for language, template in
      {"C#": "csharp", "Kotlin": "kotlin", "Swift": "swift6", "Dart": "dart", "Rust": "rust"}.items()],
]


def prepare() -> None:
    """Fresh folders with the programs and the document; what was installed stays."""
    if not JAR.exists():
        folder = JAR.parents[1]
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder,
                        f"openapi-generator-cli=={OPENAPI_GENERATOR}"], check=True)
    for folder in {sdk.folder for sdk in SDKS}:
        place = WORK / folder
        for old in ["generated", "classes", "run"]:
            shutil.rmtree(place / old, ignore_errors=True)
        shutil.copytree(HERE / folder, place, dirs_exist_ok=True) if (HERE / folder).exists() else place.mkdir(
            parents=True, exist_ok=True)
        shutil.copy(DOCUMENT, place / "openapi.json")
    typescript = WORK / "typescript"
    options = (typescript / "tsconfig.json").read_text().rstrip().removesuffix("}").rstrip()
    (typescript / "tsconfig.one.json").write_text(f'{options},\n  "files": ["PROGRAM"]\n}}\n')
    installed = typescript / "node_modules/.package.json"
    if not installed.exists() or installed.read_text() != (typescript / "package.json").read_text():
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock"], cwd=typescript,
                       check=True)
        shutil.copy(typescript / "package.json", installed)


def attempt(sdk: Sdk) -> None:
    """Takes the steps in order, up to the first that fails."""
    for name, command in zip(STEPS, [sdk.generate, sdk.compile, sdk.run], strict=True):
        if command is None:
            return
        began = time.monotonic()
        try:
            answer = subprocess.run(["bash", "-c", command], cwd=WORK / sdk.folder, stdin=subprocess.DEVNULL,
                                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=TIME_LIMIT)
            status, output = answer.returncode, answer.stdout
        except subprocess.TimeoutExpired:
            status, output = 1, f"took more than {TIME_LIMIT} s"
        print(f"{sdk.generator}: {name}: {'yes' if status == 0 else 'NO'}, {time.monotonic() - began:.0f} s", flush=True)
        sdk.result.append("yes" if status == 0 else "no")
        if status != 0:
            print(output[-3000:], flush=True)
            return


def table() -> str:
    """The steps that were taken in this run; a dash is one that was not tried."""
    head = f"Tried on {datetime.date.today():%-d %B %Y} by `scripts/sdks`: a client signs up, shows its session's account by "
    lines = [
        START,
        f"{head}the\ncookie, and reads the code of a rejected log-in. A dash is a step that was not tried.\n",
        "| language | generator | generates | compiles | runs | |",
        "|---|---|---|---|---|---|",
    ]
    for sdk in SDKS:
        steps = [*sdk.result, *["–"] * (3 - len(sdk.result))]
        lines.append("| " + " | ".join([sdk.language, sdk.generator, *steps, sdk.note]) + " |")
    return "\n".join(lines) + f"\n{END}"


def main() -> None:
    prepare()
    for sdk in SDKS:
        attempt(sdk)
    text = README.read_text()
    written = re.search(f"{re.escape(START)}.*?{re.escape(END)}", text, re.DOTALL)
    if written is None:
        sys.exit(f"{README} has no place for the table")
    if "--check" not in sys.argv:
        README.write_text(text.replace(written[0], table()))
        return
    rows = [line for line in written[0].splitlines() if line.startswith("| ")]
    now = [line for line in table().splitlines() if line.startswith("| ")]
    if rows != now:
        sys.exit("openapi/README.md says something else; run scripts/sdks:\n" + "\n".join(now))


if __name__ == "__main__":
    main()
