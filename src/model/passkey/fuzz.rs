//! Mutated authenticator data and keys: nothing panics, and whatever is accepted has one meaning only.

use super::authenticator_data::{AuthenticatorData, MAX_CREDENTIAL_ID, of_attestation_object};
use super::public_key::PublicKey;

/// A generator of numbers (xorshift) that a seed repeats.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit.max(1)).unwrap()).unwrap()
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap()
    }
}

fn key(entries: &[(i64, Result<i64, &[u8]>)]) -> Vec<u8> {
    let mut encoder = minicbor::Encoder::new(Vec::new());
    encoder.map(entries.len() as u64).unwrap();
    for (label, value) in entries {
        encoder.i64(*label).unwrap();
        match value {
            Ok(number) => encoder.i64(*number).unwrap(),
            Err(bytes) => encoder.bytes(bytes).unwrap(),
        };
    }
    encoder.into_writer()
}

/// Data that is accepted: each algorithm, with and without extensions, and without a credential.
fn valid() -> Vec<Vec<u8>> {
    let (part, modulus) = ([7; 32], [0x91; 256]);
    let keys = [
        key(&[(1, Ok(1)), (3, Ok(-8)), (-1, Ok(6)), (-2, Err(&part))]),
        key(&[(1, Ok(2)), (3, Ok(-7)), (-1, Ok(1)), (-2, Err(&part)), (-3, Err(&part))]),
        key(&[(1, Ok(3)), (3, Ok(-257)), (-1, Err(&modulus)), (-2, Err(&[1, 0, 1]))]),
    ];
    let head = |flags: u8| [&[1; 32][..], &[flags, 0, 0, 0, 1]].concat();
    let mut valid = vec![head(0x05), [head(0x85), vec![0xa1, 0x61, b'a', 0xf5]].concat()];
    for key in keys {
        let credential = [&[2; 16][..], &[0, 3], b"abc", &key].concat();
        valid.push([head(0x45), credential.clone()].concat());
        valid.push([head(0xc5), credential, vec![0xa1, 0x61, b'a', 0x82, 1, 2]].concat());
    }
    valid
}

fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(bytes.len());
    match random.below(6) {
        _ if bytes.is_empty() => bytes.push(random.byte()),
        0 => bytes[at] ^= 1 << random.below(8),
        1 => bytes[at] = random.byte(),
        2 => bytes.truncate(at),
        3 => bytes.insert(at, random.byte()),
        4 => {
            bytes.remove(at);
        }
        _ => {
            let end = at + random.below(bytes.len() - at + 1);
            let copy = bytes[at..end].to_vec();
            bytes.splice(at..at, copy);
        }
    }
}

fn judge(bytes: &[u8]) -> bool {
    // An attestation object and a key are read from the same bytes, only to see that nothing panics.
    drop((of_attestation_object(bytes), PublicKey::parse_prefix(bytes)));
    let Ok(data) = AuthenticatorData::parse(bytes) else {
        return false;
    };
    // Its end is where it says, so no byte is read as something else.
    assert!(
        AuthenticatorData::parse(&bytes[..bytes.len() - 1]).is_err(),
        "{bytes:x?}"
    );
    assert!(AuthenticatorData::parse(&[bytes, &[0]].concat()).is_err(), "{bytes:x?}");
    if let Some(credential) = data.attested {
        assert!((1..=MAX_CREDENTIAL_ID).contains(&credential.id.len()), "{bytes:x?}");
        assert_eq!(PublicKey::parse(&credential.cose), Ok(credential.key), "{bytes:x?}");
    }
    true
}

fn run(seed: u64, rounds: usize) {
    let (mut random, valid) = (Random(seed), valid());
    let mut accepted = 0;
    for _ in 0..rounds {
        let mut bytes = valid[random.below(valid.len())].clone();
        for _ in 0..=random.below(4) {
            mutate(&mut bytes, &mut random);
        }
        accepted += usize::from(judge(&bytes));
    }
    // Otherwise the mutations are too coarse to reach anything.
    assert!(accepted > rounds / 100 && accepted < rounds, "{accepted} of {rounds}");
}

#[test]
fn mutated_authenticator_data_is_refused_or_has_one_meaning() {
    for bytes in valid() {
        assert!(judge(&bytes), "{bytes:x?}");
    }
    run(0x5eed, 20_000);
}

#[test]
#[ignore = "takes minutes; scripts/torture runs it"]
fn ten_million_mutations_are_refused_or_have_one_meaning() {
    for seed in 1..=100 {
        run(seed, 100_000);
    }
}
