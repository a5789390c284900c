"""A server that is too old for the migrations, at POSTGRES_PROGRAMS."""

from pathlib import Path

import pytest
from cluster import Cluster
from service import Service


@pytest.mark.old
def test_a_server_older_than_14_is_refused_before_anything_is_migrated(tmp_path: Path) -> None:
    with Cluster(synchronous=False) as cluster:
        server = cluster.primary
        service = Service(tmp_path, f"postgres://postgres@127.0.0.1:{server.port}/postgres")
        try:
            assert service.process.wait(timeout=20) == 1
        finally:
            service.end()
        log = service.log.read_text()
        assert "PostgreSQL 13 is too old: 14 or later is needed" in log, log
        assert server.query("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == ["0"]
