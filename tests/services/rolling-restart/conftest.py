from collections.abc import Iterator
from pathlib import Path

import pytest
from instances import Instance


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[list[Instance]]:
    pair = [Instance(tmp_path, "one"), Instance(tmp_path, "two")]
    try:
        for instance in pair:
            instance.start()
        yield pair
    finally:
        for instance in pair:
            instance.kill()
