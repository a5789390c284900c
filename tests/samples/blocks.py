"""The fenced blocks of the Markdown files, and which of them are run."""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(os.environ["root"])
BLOCK = re.compile(r"^( *)```(\S*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)

Key = tuple[str, str]
"""A block's file and the beginning of its first line."""

run: set[Key] = set()


def all_blocks() -> dict[Key, str]:
    """Every block of every Markdown file, by its file and its whole first line."""
    files = subprocess.check_output(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"], cwd=ROOT, text=True
    ).splitlines()
    blocks = {}
    for file in files:
        for indent, _, text in BLOCK.findall((ROOT / file).read_text()):
            # A block in a list is indented with its item.
            text = re.sub(f"^{indent}", "", text, flags=re.MULTILINE)
            key = (file, text.splitlines()[0])
            assert key not in blocks, f"{key} stands there twice"
            blocks[key] = text
    return blocks


BLOCKS = all_blocks()


def samples(*keys: Key) -> Callable:
    """Hands the text of these blocks to a test, which runs them."""
    run.update(keys)
    return pytest.mark.parametrize("texts", [[text_of(key) for key in keys]], ids=[keys[0][0]])


def text_of(key: Key) -> str:
    found = matching(key)
    assert len(found) == 1, f"{key} names {len(found)} blocks"
    return BLOCKS[found[0]]


def matching(key: Key) -> list[Key]:
    file, beginning = key
    return [(other, line) for other, line in BLOCKS if other == file and line.startswith(beginning)]
