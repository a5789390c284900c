//! Rows of each system, as its own export writes them.

use serde_json::{Value, json};

use super::*;

fn user(system: System, row: &serde_json::Value) -> Result<ImportedUser, Refusal> {
    read(system, row.as_object().unwrap())
}

fn text_of(hash: &ImportedHash) -> &str {
    match hash {
        ImportedHash::Text(text) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_row_of_each_system_is_read() {
    let rows = [
        (
            System::Common,
            json!({"email": "j@example.com", "email_verified": true, "password_hash": "$2b$x"}),
        ),
        (
            System::Django,
            json!({"model": "auth.user", "pk": 1, "fields": {"username": "j", "email": "j@example.com",
                "password": "$2b$x", "email_verified": true, "is_active": true,
                "date_joined": "2024-01-02T03:04:05Z"}}),
        ),
        (
            System::BetterAuth,
            json!({"email": "j@example.com", "emailVerified": 1, "password": "$2b$x",
                "createdAt": 1_704_164_645_000_i64}),
        ),
        (
            System::PocketBase,
            json!({"email": "j@example.com", "verified": true, "password": "$2b$x",
                "created": "2024-01-02 03:04:05.000Z"}),
        ),
        (
            System::Supabase,
            json!({"email": "j@example.com", "email_confirmed_at": "2024-01-02 03:04:05.123456+00",
                "encrypted_password": "$2b$x", "banned_until": null}),
        ),
        (
            System::Auth0,
            json!({"email": "j@example.com", "email_verified": true, "password_hash": "$2b$x",
                "created_at": {"$date": "2024-01-02T03:04:05.000Z"}}),
        ),
        (
            System::Clerk,
            json!({"primary_email_address": "j@example.com", "verified_email_addresses": "j@example.com",
                "password_digest": "$2b$x"}),
        ),
        (
            System::Laravel,
            json!({"email": "j@example.com", "email_verified_at": "2024-01-02 03:04:05", "password": "$2b$x"}),
        ),
    ];
    for (system, row) in rows {
        let read = user(system, &row).unwrap();
        assert_eq!(read.email.typed(), "j@example.com", "{system:?}");
        assert_eq!(text_of(&read.hash), "$2b$x", "{system:?}");
        assert!(read.is_verified, "{system:?}");
        assert_eq!(read.dropped, [""; 0], "{system:?}");
    }
    let wordpress = json!({"user_email": "j@example.com", "user_login": "j", "user_pass": "$wp$2y$x"});
    let read = user(System::WordPress, &wordpress).unwrap();
    assert_eq!((text_of(&read.hash), read.is_verified), ("$wp$2y$x", false));
    let firebase = json!({"email": "j@example.com", "emailVerified": true, "passwordHash": "aa", "salt": "bb",
        "createdAt": "1704164645000"});
    let read = user(System::Firebase, &firebase).unwrap();
    assert!(matches!(read.hash, ImportedHash::Firebase { hash, salt } if hash == "aa" && salt == "bb"));
    assert_eq!(read.created_at.unwrap().to_rfc3339(), "2024-01-02T03:04:05+00:00");
    let keycloak = json!({"username": "j", "email": "j@example.com", "emailVerified": false, "enabled": true,
        "createdTimestamp": 1_704_164_645_000_i64,
        "credentials": [{"type": "otp"}, {"type": "password", "secretData": "{}", "credentialData": "{}"}]});
    let read = user(System::Keycloak, &keycloak).unwrap();
    assert!(matches!(read.hash, ImportedHash::Keycloak { .. }));
    assert!(!read.is_verified);
}

#[test]
fn an_address_that_was_not_confirmed_stays_so() {
    for row in [
        json!({"email": "j@example.com"}),
        json!({"email": "j@example.com", "email_verified": false}),
        json!({"email": "j@example.com", "email_verified": "f"}),
        json!({"email": "j@example.com", "email_verified_at": null}),
        json!({"email": "j@example.com", "email_verified_at": ""}),
    ] {
        assert!(!user(System::Common, &row).unwrap().is_verified, "{row}");
    }
    let clerk = json!({"primary_email_address": "j@example.com", "unverified_email_addresses": "j@example.com"});
    assert!(!user(System::Clerk, &clerk).unwrap().is_verified);
}

#[test]
fn neptuns_accounts_without_an_address_get_that_of_their_provider_unverified_and_no_password() {
    let row = json!({"email": "0190-uuid@account.oAuth", "email_verified": true, "password_hash": "$2a$10$NONE",
        "oauth_email": "j@example.com"});
    let read = user(System::Common, &row).unwrap();
    assert_eq!(read.email.typed(), "j@example.com");
    assert!(matches!(read.hash, ImportedHash::None));
    assert!(!read.is_verified);
    let row = json!({"email": "0190-uuid@account.oAuth", "password_hash": "$2a$10$NONE"});
    assert_eq!(user(System::Common, &row).unwrap_err(), Refusal::EmailMissing);
}

#[test]
fn what_can_not_be_kept_is_refused_or_named() {
    let long = "x".repeat(5000);
    for (row, refusal) in [
        (json!({"password_hash": "x"}), Refusal::EmailMissing),
        (json!({"email": ["j@example.com"]}), Refusal::Malformed),
        (
            json!({"email": "j@example.com", "first_name": "a\u{0}b"}),
            Refusal::Malformed,
        ),
        (json!({"email": "not an address"}), Refusal::EmailInvalid),
        (
            json!({"email": "j@example.com", "password_hash": long}),
            Refusal::TooLong,
        ),
        (
            json!({"email": "j@example.com", "created_at": "yesterday"}),
            Refusal::TimeInvalid,
        ),
        (
            json!({"email": "j@example.com", "created_at": 1e300}),
            Refusal::TimeInvalid,
        ),
    ] {
        assert_eq!(user(System::Common, &row).unwrap_err(), refusal, "{row}");
    }
    let row = json!({"email": "j@example.com", "username": "v@example.com", "number_phone": "+491701234567",
        "first_name": "x".repeat(151), "identities": [{"issuer": "i", "id": "s"}]});
    let read = user(System::Common, &row).unwrap();
    assert_eq!(read.dropped, ["identities", "first_name", "number_phone", "username"]);
    assert!(read.profile.username.is_none());
}

#[test]
fn unusable_passwords_of_django_are_none() {
    let row = json!({"fields": {"email": "j@example.com", "password": "!xyz"}});
    assert!(matches!(user(System::Django, &row).unwrap().hash, ImportedHash::None));
}

#[test]
fn a_disabled_account_stays_disabled() {
    for (system, row, is_disabled) in [
        (System::Common, json!({"email": "j@example.com"}), false),
        (
            System::Common,
            json!({"email": "j@example.com", "disabled": false}),
            false,
        ),
        (
            System::Common,
            json!({"email": "j@example.com", "disabled_at": null}),
            false,
        ),
        (
            System::Common,
            json!({"email": "j@example.com", "disabled": "true"}),
            true,
        ),
        (
            System::Own,
            json!({"email": "j@example.com", "disabled_at": "2024-01-02T03:04:05Z"}),
            true,
        ),
        (
            System::Django,
            json!({"fields": {"email": "j@example.com", "is_active": false}}),
            true,
        ),
        (
            System::Keycloak,
            json!({"email": "j@example.com", "enabled": false}),
            true,
        ),
        (
            System::Supabase,
            json!({"email": "j@example.com", "banned_until": "2999-01-01 00:00:00+00"}),
            true,
        ),
        (
            System::Firebase,
            json!({"email": "j@example.com", "disabled": true}),
            true,
        ),
        (System::Auth0, json!({"email": "j@example.com", "blocked": true}), true),
    ] {
        assert_eq!(user(system, &row).unwrap().is_disabled, is_disabled, "{system:?} {row}");
    }
}

#[test]
fn a_second_factor_is_taken_over_or_seen_and_never_overlooked() {
    let email = "j@example.com";
    let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    let factor = |system, row| user(system, &row).unwrap().second_factor;
    for (system, row) in [
        (System::Common, json!({"email": email, "totp_secret": secret})),
        (
            System::Own,
            json!({"email": email, "totp_secret": secret, "second_factor_at": "2024-01-02T03:04:05Z"}),
        ),
        (
            System::Clerk,
            json!({"primary_email_address": email, "totp_secret": secret}),
        ),
    ] {
        assert!(matches!(factor(system, row), ImportedFactor::App(_)), "{system:?}");
    }
    let sealed = json!({"email": email, "sealed_totp_secret": "AAEC", "second_factor_at": "2024-01-02T03:04:05Z"});
    assert!(matches!(factor(System::Own, sealed), ImportedFactor::Sealed(bytes) if bytes == [0, 1, 2]));
    for (system, row) in [
        (System::Common, json!({"email": email, "totp_secret": "ABC"})),
        (
            System::Own,
            json!({"email": email, "second_factor_at": "2024-01-02T03:04:05Z"}),
        ),
        (System::Own, json!({"email": email, "sealed_totp_secret": "?"})),
        (System::BetterAuth, json!({"email": email, "twoFactorEnabled": 1})),
        (
            System::Firebase,
            json!({"email": email, "mfaInfo": [{"phoneInfo": "+1"}]}),
        ),
        (
            System::Auth0,
            json!({"email": email, "mfa_factors": [{"phone": {"value": "+1"}}]}),
        ),
        (
            System::Laravel,
            json!({"email": email, "two_factor_secret": "eyJpdiI6"}),
        ),
        (
            System::Keycloak,
            json!({"email": email, "credentials": [{"type": "otp"}]}),
        ),
        (
            System::Keycloak,
            json!({"email": email, "credentials": [{"type": "webauthn"}]}),
        ),
    ] {
        assert!(matches!(factor(system, row), ImportedFactor::Unknown), "{system:?}");
    }
    for (system, row) in [
        (System::Common, json!({"email": email, "totp_secret": ""})),
        (System::BetterAuth, json!({"email": email, "twoFactorEnabled": false})),
        (System::Firebase, json!({"email": email, "mfaInfo": []})),
        (
            System::Keycloak,
            json!({"email": email, "credentials": [{"type": "password", "secretData": "{}",
            "credentialData": "{}"}]}),
        ),
    ] {
        assert!(matches!(factor(system, row), ImportedFactor::None), "{system:?}");
    }
}

#[test]
fn identities_are_read_by_issuer_and_subject_and_others_are_named() {
    let one = |number: usize| json!({"issuer": "https://sso.example.com", "subject": number.to_string()});
    let read = |system, identities: Value| {
        let user = user(system, &json!({"email": "j@example.com", "identities": identities})).unwrap();
        (user.identities.len(), user.dropped.contains(&"identities"))
    };
    let twenty = Value::from((0..20).map(one).collect::<Vec<_>>());
    let more = Value::from((0..21).map(one).collect::<Vec<_>>());
    for system in [System::Common, System::Own] {
        assert_eq!(read(system, json!([])), (0, false));
        assert_eq!(read(system, twenty.clone()), (20, false));
        assert_eq!(read(system, more.clone()), (20, true));
        let issuer = "https://sso.example.com";
        for odd in [
            json!({"issuer": issuer, "subject": "a\0b"}),
            json!({"issuer": issuer, "subject": ""}),
            json!({"issuer": issuer, "subject": 7}),
            json!({"issuer": issuer, "subject": "s".repeat(256)}),
            json!("text"),
        ] {
            assert_eq!(read(system, json!([odd, one(1)])), (1, true), "{odd}");
        }
    }
    assert_eq!(read(System::Auth0, json!([one(1)])), (0, false));
}
