//! Passkeys that a change of `RP_ID` has made useless.

use super::{PUBLIC_URL, Variables, findings, troubles};
use crate::helpers::TestApp;

const MOVED: Variables = &[(PUBLIC_URL, "https://auth.example.com")];
/// Browsers make no passkeys for it.
const ADDRESS: Variables = &[(PUBLIC_URL, "https://192.0.2.1")];

/// The troubles that doctor finds in the database of `app`, and what it says about passkeys.
fn look(app: &TestApp, settings: Variables) -> (Vec<String>, String) {
    let (findings, _) = findings(&app.database.url, settings, &[]);
    let said = findings.iter().find(|finding| finding["id"] == "passkey.rp-id");
    let said = said.map_or("", |finding| finding["says"].as_str().unwrap());
    (troubles(&findings), said.to_owned())
}

#[tokio::test]
async fn passkeys_that_belong_to_another_rp_id_are_counted() {
    let app = TestApp::new().await;
    assert_eq!(look(&app, MOVED), (Vec::new(), String::new()));
    let alice = app.user("alice").await;
    alice.add_passkey().await;
    alice.add_passkey().await;
    let right = look(&app, &[]);
    assert_eq!(right.0, [""; 0]);
    assert!(right.1.contains("every passkey belongs to `localhost`"), "{right:?}");

    let moved = look(&app, MOVED);
    assert_eq!(moved.0, ["passkey.rp-id fail RP_ID"], "{moved:?}");
    let counted = "2 passkeys were registered for `localhost` and do not work under `auth.example.com`";
    assert!(moved.1.contains(counted), "{moved:?}");
    let address = look(&app, ADDRESS);
    assert_eq!(address.0, ["passkey.rp-id fail RP_ID"], "{address:?}");
    assert!(
        address.1.contains("2 passkeys were registered for `localhost`"),
        "{address:?}"
    );

    // Some owners have added new ones since.
    app.user("bob").await.add_passkey().await;
    app.execute(
        "UPDATE passkeys SET rp_id = 'auth.example.com' WHERE user_id = (SELECT id FROM users WHERE email LIKE 'bob%')",
    )
    .await;
    let mixed = look(&app, MOVED);
    assert_eq!(mixed.0, ["passkey.rp-id warn RP_ID"], "{mixed:?}");
    assert!(mixed.1.contains(counted), "{mixed:?}");
}

#[tokio::test]
async fn passkeys_from_before_the_column_are_not_named_until_a_use_tells_their_rp_id() {
    let app = TestApp::new().await;
    let passkey = app.user("alice").await.add_passkey().await;
    app.execute("UPDATE passkeys SET rp_id = NULL").await;
    assert_eq!(look(&app, MOVED), (Vec::new(), String::new()));
    app.client().log_in_by_passkey(&passkey).await.ok();
    let moved = look(&app, MOVED);
    assert_eq!(moved.0, ["passkey.rp-id fail RP_ID"], "{moved:?}");
    assert!(
        moved.1.contains("1 passkey was registered for `localhost`"),
        "{moved:?}"
    );
}
