//! What hashes verify, and which are refused.

use argon2::{Argon2, PasswordHasher};

use super::*;

fn password(text: &str) -> Password {
    Password::new(text)
}

fn admitted(hasher: &Hasher) -> Admission<'_> {
    hasher.admit(&Client::new(None, None, None)).unwrap()
}

#[tokio::test]
async fn a_hash_verifies_only_its_own_password() {
    let hasher = Hasher::new(64, 2, None).unwrap();
    let hasher = admitted(&hasher);
    let stored = hasher.hash(password("correct horse")).await.unwrap();
    assert!(stored.0.starts_with("$argon2id$v=19$m=64,t=2,p=1$"), "{}", stored.0);
    assert_eq!(
        hasher
            .verify(password("correct horse"), Some(stored.clone()))
            .await
            .unwrap(),
        Verdict::Right
    );
    assert_eq!(
        hasher
            .verify(password("correct horsf"), Some(stored.clone()))
            .await
            .unwrap(),
        Verdict::Wrong
    );
    assert_eq!(
        hasher.verify(password("correct horse"), None).await.unwrap(),
        Verdict::Wrong
    );
    assert_ne!(hasher.hash(password("correct horse")).await.unwrap(), stored);
}

#[tokio::test]
async fn hashes_of_the_argon2_crate_verify_and_weaker_ones_are_marked() {
    let hasher = Hasher::new(128, 2, None).unwrap();
    let hasher = admitted(&hasher);
    for (memory, verdict) in [
        (64, Verdict::RightButWeak),
        (128, Verdict::Right),
        (256, Verdict::Right),
    ] {
        let crate_hash = Argon2::from(Params::new(memory, 2, 1, None).unwrap())
            .hash_password(b"correct horse")
            .unwrap();
        let stored = PasswordHash(crate_hash.to_string());
        assert_eq!(
            hasher.verify(password("correct horse"), Some(stored)).await.unwrap(),
            verdict
        );
    }
}

#[tokio::test]
async fn passwords_that_differ_after_72_bytes_differ() {
    let hasher = Hasher::new(64, 2, None).unwrap();
    let hasher = admitted(&hasher);
    let long = "x".repeat(72);
    let stored = hasher.hash(password(&format!("{long}A"))).await.unwrap();
    assert_eq!(
        hasher
            .verify(password(&format!("{long}B")), Some(stored))
            .await
            .unwrap(),
        Verdict::Wrong
    );
}

#[tokio::test]
async fn malformed_foreign_and_excessive_stored_hashes_take_no_password() {
    let hasher = Hasher::new(64, 2, None).unwrap();
    let hasher = admitted(&hasher);
    let output = "A".repeat(43);
    for stored in [
        String::new(),
        "plain".into(),
        format!("$argon2id$v=19$m=4294967295,t=2,p=1$c29tZXNhbHRzb21l${output}"),
        format!("$argon2id$v=19$m=64,t=4294967295,p=1$c29tZXNhbHRzb21l${output}"),
        "$argon2id$v=19$m=64,t=2,p=1".into(),
        format!("$yescrypt$ln=16,r=8,p=1$c29tZXNhbHRzb21l${output}"),
        format!("$scrypt$ln=17,r=8,p=1$c29tZXNhbHRzb21l${output}"),
        "$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW".into(),
        "$2b$10$é".into(),
    ] {
        let verdict = hasher.verify(password("x"), Some(PasswordHash(stored.clone()))).await;
        assert_eq!(verdict.unwrap(), Verdict::Unusable, "{stored}");
    }
}

#[tokio::test]
async fn a_right_password_of_another_system_is_to_be_hashed_anew() {
    let hasher = Hasher::new(64, 2, None).unwrap();
    let hasher = admitted(&hasher);
    let stored = PasswordHash(bcrypt::hash("correct horse", 4).unwrap());
    for (typed, verdict) in [("correct horse", Verdict::RightButWeak), ("correct", Verdict::Wrong)] {
        let verified = hasher.verify(password(typed), Some(stored.clone())).await;
        assert_eq!(verified.unwrap(), verdict);
    }
}
