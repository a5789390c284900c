//! Hashes that the systems themselves made, and texts that none of them makes.

use std::time::Instant;

use hugealloc::HugeAlloc;
use serde_json::Value;

use super::*;

/// `tests/foreign-hashes/make` writes them.
const VECTORS: &str = include_str!("../../../../tests/foreign-hashes/vectors.json");
/// What hashes of passwords that are weak digests are wrapped in; cheap here.
const SIGNER_KEY: &str = "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==";

struct Vector {
    name: String,
    password: String,
    stored: PasswordHash,
    secrets: ForeignSecrets,
}

fn vectors() -> Vec<Vector> {
    let rows: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
    let verifiable = rows.into_iter().filter(|row| row.get("wrap").is_none());
    verifiable
        .map(|row| {
            let text = |name: &str| row[name].as_str().map(str::to_owned);
            let pepper = text("pepper").map(Zeroizing::new);
            let hash = &row["hash"];
            let stored = match (hash.as_str(), &pepper) {
                (Some(text), Some(_)) => to_store_with_pepper(text),
                (Some(text), None) => to_store(text),
                (None, _) => read_keycloak_credential(
                    hash["secretData"].as_str().unwrap(),
                    hash["credentialData"].as_str().unwrap(),
                ),
            };
            let signer_key = text("signer_key").map(|key| Zeroizing::new(encoding::base64(&key).unwrap()));
            Vector {
                name: text("name").unwrap(),
                password: text("password").unwrap(),
                stored: stored.unwrap_or_else(|| panic!("{row} is not read")),
                secrets: ForeignSecrets {
                    pepper,
                    firebase_signer_key: signer_key,
                },
            }
        })
        .collect()
}

fn is_right(stored: &PasswordHash, password: &str, secrets: &ForeignSecrets) -> bool {
    let memory = &mut Memory::new_in(HugeAlloc);
    let hash = ForeignHash::read(stored).expect("the text is of a family");
    hash.is_right(&Password::new(password), &mut Tools { secrets, memory })
}

fn reads(text: &str) -> bool {
    ForeignHash::read(&PasswordHash(text.to_owned())).is_some()
}

#[test]
fn hashes_of_every_system_verify_their_password_and_no_other() {
    let vectors = vectors();
    let names: std::collections::BTreeSet<_> = vectors.iter().map(|vector| vector.name.as_str()).collect();
    assert!(names.len() >= 35, "{names:?}");
    for Vector {
        name,
        password,
        stored,
        secrets,
    } in &vectors
    {
        assert!(is_right(stored, password, secrets), "{name}: {password}");
        assert!(!is_right(stored, &format!("{password}x"), secrets), "{name}");
        assert!(!is_right(stored, "", secrets), "{name}");
    }
}

#[test]
fn better_auth_hashes_the_nfkc_form_of_what_is_typed_in_any_form() {
    let vectors = vectors();
    let found = vectors
        .iter()
        .find(|vector| vector.name == "better-auth" && !vector.password.is_ascii());
    let (stored, secrets) = found.map(|vector| (&vector.stored, &vector.secrets)).unwrap();
    for typed in [
        "Pa\u{308}ssw\u{b2}rd \u{e9}",
        "P\u{e4}ssw\u{b2}rd e\u{301}",
        "P\u{e4}ssw2rd \u{e9}",
    ] {
        assert!(is_right(stored, typed, secrets), "{typed}");
    }
}

#[test]
fn the_bytes_as_typed_are_tried_first_and_then_nfc() {
    // Made by bcrypt 4.0.1 of "cafe\u{301}-horse" as typed, and of its NFC form.
    let hash = |password: &str| PasswordHash(::bcrypt::hash(password, 4).unwrap());
    let none = ForeignSecrets::default();
    let (typed, composed) = ("cafe\u{301}-horse", "caf\u{e9}-horse");
    assert!(is_right(&hash(typed), typed, &none));
    assert!(is_right(&hash(composed), typed, &none));
    assert!(is_right(&hash(composed), composed, &none));
    assert!(!is_right(&hash(typed), composed, &none));
}

#[test]
fn without_the_secret_of_the_service_no_password_is_right() {
    let with_secrets: Vec<_> = vectors()
        .into_iter()
        .filter(|vector| vector.secrets.pepper.is_some() || vector.secrets.firebase_signer_key.is_some())
        .collect();
    assert_eq!(with_secrets.len(), 2);
    for vector in with_secrets {
        assert!(
            !is_right(&vector.stored, &vector.password, &ForeignSecrets::default()),
            "{}",
            vector.name
        );
        let others = ForeignSecrets {
            pepper: Some(Zeroizing::new("another pepper".to_owned())),
            firebase_signer_key: Some(Zeroizing::new(vec![7; 64])),
        };
        assert!(!is_right(&vector.stored, &vector.password, &others), "{}", vector.name);
        assert!(!format!("{:?}", vector.secrets).contains("pepper of"));
        assert!(!vector.stored.0.contains(SIGNER_KEY));
    }
}

#[test]
fn seventy_two_bytes_count_in_bcrypt_and_a_nul_is_no_password() {
    let none = ForeignSecrets::default();
    let stored = PasswordHash(::bcrypt::hash("x".repeat(72), 4).unwrap());
    assert!(is_right(&stored, &"x".repeat(100), &none));
    assert!(!is_right(&stored, &"x".repeat(71), &none));
    let stored = PasswordHash(::bcrypt::hash("secret", 4).unwrap());
    assert!(is_right(&stored, "secret", &none));
    for typed in ["secret\0", "secret\0secret", "\0secret"] {
        assert!(!is_right(&stored, typed, &none), "{typed:?}");
    }
}

#[test]
fn parameters_beyond_the_bounds_are_refused_before_any_work() {
    let began = Instant::now();
    let body = "CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    let output = "A".repeat(43);
    let long = "A".repeat(86);
    for (within, text) in [
        (true, format!("$2b$15${body}")),
        (false, format!("$2b$16${body}")),
        (false, format!("$2b$31${body}")),
        (false, format!("$2b$03${body}")),
        (true, format!("pbkdf2_sha256$10000000$salt${output}")),
        (false, format!("pbkdf2_sha256$10000001$salt${output}")),
        (false, format!("pbkdf2_sha256$0$salt${output}")),
        (true, format!("$scrypt$ln=16,r=8,p=1$c2FsdHNhbHQ${output}")),
        (false, format!("$scrypt$ln=17,r=8,p=1$c2FsdHNhbHQ${output}")),
        (false, format!("$scrypt$ln=63,r=8,p=1$c2FsdHNhbHQ${output}")),
        (false, format!("$scrypt$ln=4,r=4294967295,p=1$c2FsdHNhbHQ${output}")),
        (false, format!("$scrypt$ln=16,r=8,p=17$c2FsdHNhbHQ${output}")),
        (true, format!("$6$rounds=1000000$saltsalt${long}")),
        (false, format!("$6$rounds=1000001$saltsalt${long}")),
        (false, format!("$6$rounds=999999999$saltsalt${long}")),
        (true, "$P$I55555555AAAAAAAAAAAAAAAAAAAAAA".to_owned()),
        (false, "$P$J55555555AAAAAAAAAAAAAAAAAAAAAA".to_owned()),
        (
            false,
            format!("argon2$argon2id$v=19$m=1048577,t=2,p=1$c2FsdHNhbHQ${output}"),
        ),
        (
            false,
            format!("argon2$argon2id$v=19$m=1048576,t=64,p=1$c2FsdHNhbHQ${output}"),
        ),
        (
            true,
            format!("argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHQ${output}"),
        ),
    ] {
        assert_eq!(reads(&text), within, "{text}");
    }
    // To read is no work: even one check of these would take longer.
    assert!(began.elapsed() < std::time::Duration::from_secs(5));
}

#[test]
fn the_longest_password_on_the_slowest_hash_is_not_tried() {
    let slow = format!("$6$rounds=1000000$saltsalt${}", "A".repeat(86));
    let began = Instant::now();
    assert!(!is_right(
        &PasswordHash(slow),
        &"x".repeat(4096),
        &ForeignSecrets::default()
    ));
    assert!(began.elapsed() < std::time::Duration::from_secs(5));
}

#[test]
fn a_text_that_is_cut_or_changed_is_read_as_nothing_or_verifies_nothing() {
    let memory = &mut Memory::new_in(HugeAlloc);
    let cheap = |vector: &Vector| ForeignHash::read(&vector.stored).unwrap().weight(&Password::new("x")) <= 1;
    for vector in vectors().iter().filter(|vector| cheap(vector)) {
        let text = &vector.stored.0;
        for end in 0..text.len() {
            let _ = reads(&text[..end]);
        }
        for odd in ["é", "\0", "$", "\u{10ffff}", " ", "=", "-1", "99999999999999999999"] {
            for at in 0..text.len() {
                let _ = reads(&format!("{}{odd}{}", &text[..at], &text[at + 1..]));
            }
        }
        // Another output is another hash.
        let last = text.len() - if text.ends_with('=') { 4 } else { 3 };
        let other = if text.as_bytes()[last] == b'A' { "B" } else { "A" };
        let changed = PasswordHash(format!("{}{other}{}", &text[..last], &text[last + 1..]));
        if let Some(hash) = ForeignHash::read(&changed) {
            let secrets = &vector.secrets;
            let right = hash.is_right(&Password::new(&vector.password), &mut Tools { secrets, memory });
            assert!(!right, "{}: {}", vector.name, changed.0);
        }
    }
    for text in [
        "",
        "$",
        "$$$$$",
        ":",
        "{SSHA}",
        "NONE",
        "!",
        "*",
        "x",
        "0:0",
        "md5$salt$digest",
    ] {
        assert!(!reads(text), "{text}");
    }
    assert!(!reads(&"$".repeat(100_000)));
}

#[test]
fn weak_digests_are_read_only_to_be_wrapped() {
    let rows: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
    let weak: Vec<_> = rows.iter().filter(|row| row.get("wrap").is_some()).collect();
    assert_eq!(weak.len(), 4);
    let params = argon2::Params::new(64, 1, 1, None).unwrap();
    for row in weak {
        let (text, password) = (row["hash"].as_str().unwrap(), row["password"].as_str().unwrap());
        assert_eq!(to_store(text), None, "{row}");
        let (digest, output) = Digest::read(text).unwrap();
        let memory = &mut Memory::new_in(HugeAlloc);
        let own = crate::app::hasher::argon::hash(&params, &Password::new(&output), memory).unwrap();
        let stored = PasswordHash(digest.wrap(&own.0));
        let none = ForeignSecrets::default();
        assert!(is_right(&stored, password, &none), "{row}");
        assert!(!is_right(&stored, "another", &none), "{row}");
        assert!(!is_right(&stored, text, &none), "{row}: the digest is not the password");
    }
}

#[test]
fn slow_hashes_weigh_as_many_of_ours() {
    let weight = |text: &str| {
        let hash = ForeignHash::read(&PasswordHash(text.to_owned())).unwrap();
        (
            hash.weight(&Password::new("secret")),
            hash.weight(&Password::new("e\u{301}")),
        )
    };
    let output = "A".repeat(43);
    assert_eq!(weight(&format!("pbkdf2_sha256$1000000$salt${output}")), (22, 45));
    assert_eq!(
        weight("$2b$04$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
        (1, 1)
    );
    assert_eq!(
        weight("$2b$12$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
        (8, 17)
    );
}
