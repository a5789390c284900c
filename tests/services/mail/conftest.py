from collections.abc import Iterator

import pytest
from mail_server import MailServer
from service import Service, running, with_mail


@pytest.fixture(scope="module")
def mail_server() -> Iterator[MailServer]:
    with MailServer().serve() as server:
        yield server


@pytest.fixture(scope="module")
def service(mail_server: MailServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose mail server is up. At the end no mail is left, and none was sent twice."""
    with running(tmp_path_factory.mktemp("service"), **with_mail(mail_server)) as service:
        yield service
        service.wait_until_all_is_sent()
        ids = [delivery.message["Message-ID"] for delivery in mail_server.deliveries]
        assert len(set(ids)) == len(ids)
