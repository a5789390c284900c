//! The OpenAPI document and Swagger UI.

use std::collections::BTreeSet;
use std::path::Path;

use neptun_auth::api::spec::Document;
use serde_json::Value;

use crate::helpers::TestApp;

pub fn committed(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi").join(name)).unwrap()
}

pub fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().iter();
            methods.map(move |(method, operation)| (method.as_str(), path.as_str(), operation))
        })
        .collect()
}

/// The example of a body, or one for each error code with this status.
pub fn examples(media: &Value) -> impl Iterator<Item = &Value> {
    let several = media["examples"].as_object().into_iter().flatten();
    let several: Vec<_> = several.map(|(_, example)| &example["value"]).collect();
    let all = if several.is_empty() {
        vec![&media["example"]]
    } else {
        several
    };
    all.into_iter()
}

#[test]
fn the_committed_document_is_current() {
    let document = Document::of_defaults();
    let advice = "run `cargo run -- openapi` and commit what it writes";
    assert!(committed("openapi.json") == document.json(), "{advice}");
    assert!(committed("openapi.yaml") == document.yaml(), "{advice}");
}

#[tokio::test]
async fn the_service_serves_the_document_and_names_its_own_cookie() {
    let app = TestApp::new().await;
    let json = app.client().get("/openapi.json").await;
    assert_eq!(json.header("content-type"), Some("application/json"));
    assert!(json.body == committed("openapi.json"));
    let yaml = app.client().get("/openapi.yaml").await;
    assert_eq!(yaml.header("content-type"), Some("application/yaml"));
    assert!(yaml.body == committed("openapi.yaml"));
    let https = TestApp::with_web("https://auth.example.com", &[]).await;
    let document = https.client().get("/openapi.json").await.json();
    assert_eq!(document["servers"][0]["url"], "https://auth.example.com");
    let scheme = &document["components"]["securitySchemes"]["sessionCookie"];
    assert_eq!(scheme["name"], "__Host-neptun-session");
    assert_eq!(
        (scheme["type"].as_str(), scheme["in"].as_str()),
        (Some("apiKey"), Some("cookie"))
    );
}

#[test]
fn operations_are_those_of_the_contract() {
    let document: Value = serde_json::from_str(&committed("openapi.json")).unwrap();
    assert_eq!(document["openapi"], "3.0.3");
    let found: BTreeSet<_> = operations(&document)
        .iter()
        .map(|(method, path, operation)| format!("{} {method} {path}", operation["operationId"].as_str().unwrap()))
        .collect();
    let expected = [
        "signUp post /api/auth/sign-up",
        "logIn post /api/auth/login",
        "logOut post /api/auth/logout",
        "checkSession head /api/auth/check",
        "checkSessionByGet get /api/auth/check",
        "getSession get /api/auth/session",
        "getUserSession get /api/_auth/session",
        "clearUserSession delete /api/_auth/session",
        "listSessions get /api/auth/sessions",
        "revokeSession delete /api/auth/sessions/{id}",
        "revokeOtherSessions delete /api/auth/sessions",
        "verifySession get /api/auth/verify",
        "changePassword post /api/auth/password",
        "updateUser patch /api/users/{user_id}",
        "deleteUser delete /api/users/{user_id}",
        "exportUser get /api/users/{user_id}/export",
        "listEvents get /api/users/{user_id}/events",
        "streamEvents get /api/auth/events",
        "passwordOtp post /auth/otp",
        "resetPassword post /{email}/reset-password",
        "resetPasswordWithKey post /api/auth/password/reset",
        "sendEmailCode post /api/auth/email/send-code",
        "verifyEmail post /api/auth/email/verify",
        "restoreEmail post /api/auth/email/restore",
        "signUpWithTokens post /api/sign-up",
        "obtainTokenPair post /api/token",
        "refreshToken post /api/token/refresh",
        "verifyToken post /api/token/verify",
        "blacklistToken post /api/token/blacklist",
        "getMe get /api/me",
        "mintAccessToken post /api/auth/token",
        "getJwks get /.well-known/jwks.json",
        "registerPasskey post /api/auth/webauthn/register",
        "authenticateWithPasskey post /api/auth/webauthn/authenticate",
        "listPasskeys get /api/auth/passkeys",
        "renamePasskey patch /api/auth/passkeys/{id}",
        "removePasskey delete /api/auth/passkeys/{id}",
        "getRelatedOrigins get /.well-known/webauthn",
        "listProviders get /api/auth/providers",
        "startSocialLogIn get /auth/{provider}",
        "listIdentities get /api/auth/identities",
        "linkIdentity post /api/auth/identities/{id}",
        "removeIdentity delete /api/auth/identities/{id}",
        "requestLogInCode post /api/auth/login/code",
        "logInWithCode post /api/auth/login/code/verify",
        "listFactors get /api/auth/factors",
        "startTotp post /api/auth/totp",
        "removeTotp delete /api/auth/totp",
        "confirmTotp post /api/auth/totp/confirm",
        "renewRecoveryCodes post /api/auth/recovery-codes",
        "finishLogIn post /api/auth/login/second-factor",
        "reauthenticate post /api/auth/reauthenticate",
        "sendReauthenticationCode post /api/auth/reauthenticate/code",
        "adminListUsers get /api/admin/users",
        "adminCreateUser post /api/admin/users",
        "adminInviteUser post /api/admin/invitations",
        "adminGetUser get /api/admin/users/{id}",
        "adminUpdateUser patch /api/admin/users/{id}",
        "adminDeleteUser delete /api/admin/users/{id}",
        "adminMakeRecoveryLink post /api/admin/users/{id}/recovery",
        "adminListUserSessions get /api/admin/users/{id}/sessions",
        "adminEndUserSessions delete /api/admin/users/{id}/sessions",
        "adminEndSession delete /api/admin/sessions/{id}",
        "adminEndSessions delete /api/admin/sessions",
        "adminListEvents get /api/admin/events",
        "adminGetStatistics get /api/admin/statistics",
        "adminGetInstance get /api/admin/instance",
        "adminListWebhooks get /api/admin/webhooks",
        "adminCreateWebhook post /api/admin/webhooks",
        "adminUpdateWebhook patch /api/admin/webhooks/{id}",
        "adminDeleteWebhook delete /api/admin/webhooks/{id}",
        "adminRotateWebhook post /api/admin/webhooks/{id}/rotate",
        "adminListDeliveries get /api/admin/webhooks/{id}/deliveries",
        "adminRetryDelivery post /api/admin/webhooks/{id}/deliveries/{event_id}/retry",
        "getLiveness get /health/live",
        "getReadiness get /health/ready",
    ];
    assert_eq!(found, expected.iter().map(|row| (*row).to_owned()).collect());
}

/// Operations that answer 401 without being for a session or a token.
const ASK_FOR_CREDENTIALS: &[&str] = &[
    "logIn",
    "obtainTokenPair",
    "refreshToken",
    "verifyToken",
    "blacklistToken",
    "logInWithCode",
    "finishLogIn",
    "registerPasskey",
    "authenticateWithPasskey",
];

#[test]
fn every_operation_declares_its_refusals_headers_and_examples() {
    let document: Value = serde_json::from_str(&committed("openapi.json")).unwrap();
    for (method, path, operation) in operations(&document) {
        let place = format!("{method} {path}");
        let responses = operation["responses"].as_object().unwrap();
        for status in ["500", "503"] {
            assert!(responses.contains_key(status), "{place} lacks {status}");
        }
        let limited = [
            "signUp",
            "logIn",
            "changePassword",
            "updateUser",
            "deleteUser",
            "passwordOtp",
            "resetPassword",
            "resetPasswordWithKey",
            "sendEmailCode",
            "verifyEmail",
            "restoreEmail",
            "signUpWithTokens",
            "obtainTokenPair",
            "refreshToken",
            "requestLogInCode",
            "logInWithCode",
            "startTotp",
            "confirmTotp",
            "removeTotp",
            "renewRecoveryCodes",
            "finishLogIn",
            "reauthenticate",
            "sendReauthenticationCode",
            "registerPasskey",
            "authenticateWithPasskey",
            "removePasskey",
            "linkIdentity",
            "removeIdentity",
        ];
        let name = operation["operationId"].as_str().unwrap();
        let is_limited = limited.contains(&name) || name.starts_with("admin");
        assert_eq!(responses.contains_key("429"), is_limited, "{place}");
        let may_refuse = ASK_FOR_CREDENTIALS.contains(&name);
        assert_eq!(
            responses.contains_key("401"),
            operation["security"][0].is_object() || may_refuse,
            "{place}"
        );
        for (status, response) in responses {
            let place = format!("{place} {status}");
            assert!(
                !response["description"].as_str().unwrap().is_empty(),
                "{place} has no description"
            );
            assert!(
                response["headers"].get("X-Request-Id").is_some(),
                "{place} lacks X-Request-Id"
            );
            assert_eq!(
                response["headers"].get("Retry-After").is_some(),
                ["429", "503"].contains(&status.as_str()),
                "{place}"
            );
            for name in ["RateLimit", "RateLimit-Policy"] {
                assert_eq!(response["headers"].get(name).is_some(), status == "429", "{place}");
            }
            // A redirect has no body.
            let is_refusal = status.starts_with(['4', '5']);
            let media = &response["content"]["application/json"];
            if is_refusal && method != "head" {
                let schema = media["schema"]["$ref"].as_str().unwrap();
                if ["/api/sign-up", "/api/me"].contains(&path) || path.starts_with("/api/token") {
                    assert!(schema.contains("/TokenError"), "{place}: {schema}");
                    assert!(examples(media).all(Value::is_object), "{place}");
                } else {
                    assert_eq!(schema, "#/components/schemas/ApiError", "{place}");
                    for body in examples(media) {
                        assert_eq!(body["statusCode"].to_string(), *status, "{place}");
                    }
                }
            }
            let challenge = response["headers"].get("WWW-Authenticate");
            assert_eq!(challenge.is_some(), status == "401", "{place}");
            if status.starts_with('2') && status != "204" {
                let media = response["content"].as_object().unwrap().values().next().unwrap();
                assert!(media.get("example").is_some(), "{place} has no example");
            }
        }
        for (_, media) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
            assert!(media.get("example").is_some(), "{place} has no example body");
        }
    }
    assert!(
        !document.to_string().contains("charset"),
        "generators take a media type with a charset for another type"
    );
}

#[tokio::test]
async fn swagger_ui_is_one_page_that_loads_nothing() {
    let app = TestApp::new().await;
    let page = app.client().get("/docs/").await;
    assert_eq!(page.ok().header("content-type"), Some("text/html; charset=utf-8"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("connect-src 'self'"));
    let scripts = policy
        .split(';')
        .find(|part| part.trim().starts_with("script-src"))
        .unwrap();
    assert_eq!(scripts.matches("'sha256-").count(), 2, "{scripts}");
    assert!(!scripts.contains("unsafe"), "{scripts}");
    assert!(!page.body.contains("<script src") && !page.body.contains("stylesheet\" href"));
    assert!(page.body.contains(r#""operationId":"signUp""#));
    assert!(
        page.body.contains(r#""openapi":"3.0.3""#),
        "the page shows the completed document"
    );
}

#[tokio::test]
async fn documentation_can_be_switched_off() {
    let app = TestApp::without_docs().await;
    for path in ["/docs/", "/docs", "/openapi.json", "/openapi.yaml"] {
        app.client().get(path).await.fails(404, "not_found");
    }
    app.client().get("/health/live").await.ok();
}
