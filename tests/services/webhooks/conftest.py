from collections.abc import Iterator
from pathlib import Path

import pytest
from receiver import Receiver
from service import Service, running


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with running(tmp_path) as service:
        yield service
