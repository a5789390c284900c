//! What the log says of providers.

use std::io::Write;

use tempfile::NamedTempFile;

use crate::helpers::TestDatabase;
use crate::helpers::binary::Binary;

#[tokio::test]
async fn a_provider_that_is_down_is_reported_once_a_minute_and_another_one_too() {
    let database = TestDatabase::create().await;
    let mut file = NamedTempFile::new().unwrap();
    for id in ["one", "two"] {
        let section = format!("[{id}]\nkind = \"oidc\"\nissuer = \"https://127.0.0.1:9/{id}\"\nclient_id = \"a\"\n");
        file.write_all(section.as_bytes()).unwrap();
    }
    let settings = [("NEPTUN_AUTH_PROVIDERS_FILE", file.path().to_str().unwrap())];
    let binary = Binary::start(&database.url, &settings);
    for _ in 0..5 {
        for path in ["/auth/one", "/auth/two"] {
            binary.status("GET", path).unwrap();
        }
    }
    let log = binary.log();
    assert_eq!(log.matches("a log-in with a provider failed").count(), 2, "{log}");
    for provider in ["provider=\"one\"", "provider=\"two\""] {
        assert_eq!(log.matches(provider).count(), 1, "{log}");
    }
}
