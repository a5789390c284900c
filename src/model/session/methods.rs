//! How a session's client has proven to be the account's owner: the names of RFC 8176 and three of our own.

/// One name in the claim `amr`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum AuthenticationMethod {
    Password,
    /// A code of an authenticator app.
    OneTimeCode,
    /// More than one factor. A session has it exactly when it passes the gate of an account with a second factor.
    MultipleFactors,
    /// A passkey that can't leave its device.
    HardwareKey,
    /// A passkey that is synced between devices.
    SoftwareKey,
    /// A code or a link in a mail (private name).
    Mail,
    /// An account at another provider (private name).
    Federated,
    /// A recovery code (private name).
    RecoveryCode,
}

use AuthenticationMethod::{
    Federated, HardwareKey, Mail, MultipleFactors, OneTimeCode, Password, RecoveryCode, SoftwareKey,
};

impl AuthenticationMethod {
    const ALL: [Self; 8] = [
        Password,
        OneTimeCode,
        MultipleFactors,
        HardwareKey,
        SoftwareKey,
        Mail,
        Federated,
        RecoveryCode,
    ];

    /// The name in `amr`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Password => "pwd",
            OneTimeCode => "otp",
            MultipleFactors => "mfa",
            HardwareKey => "hwk",
            SoftwareKey => "swk",
            Mail => "mail",
            Federated => "fed",
            RecoveryCode => "recovery",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A set of authentication methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Methods(u8);

impl Methods {
    /// Nothing is proven: the set of a visitor.
    pub const NONE: Self = Self(0);
    /// Sessions of releases that stored no methods all began with a password.
    pub const PASSWORD: Self = Self(Password.bit());

    /// This set and `method`.
    #[must_use]
    pub const fn and(self, method: AuthenticationMethod) -> Self {
        Self(self.0 | method.bit())
    }

    /// This set without `method`.
    #[must_use]
    pub const fn without(self, method: AuthenticationMethod) -> Self {
        Self(self.0 & !method.bit())
    }

    /// The methods of both sets.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    #[must_use]
    pub const fn has(self, method: AuthenticationMethod) -> bool {
        self.0 & method.bit() != 0
    }

    /// Whether an account with a second factor may be entered by these.
    #[must_use]
    pub const fn has_second_factor(self) -> bool {
        self.has(MultipleFactors)
    }

    /// Whether a passkey was among the proofs.
    #[must_use]
    pub const fn has_passkey(self) -> bool {
        self.has(HardwareKey) || self.has(SoftwareKey)
    }

    /// Whether anything was proven to the service itself. Providers let a browser through that they know, without a
    /// prompt, so that alone shows nothing about the person in front of it.
    #[must_use]
    pub const fn has_own_proof(self) -> bool {
        self.without(Federated).0 != Self::NONE.0
    }

    /// The names in `amr`, in a fixed order.
    #[must_use]
    pub fn names(self) -> Vec<&'static str> {
        let held = AuthenticationMethod::ALL.into_iter().filter(|method| self.has(*method));
        held.map(AuthenticationMethod::name).collect()
    }

    /// The column `amr`: a JSON array.
    #[must_use]
    pub fn to_column(self) -> String {
        format!("{:?}", self.names())
    }

    /// The set of the column `amr`. Names that this release does not know prove nothing to it.
    #[must_use]
    pub fn from_column(amr: Option<&str>) -> Self {
        let Some(amr) = amr else { return Self::PASSWORD };
        let names: Vec<String> = serde_json::from_str(amr).unwrap_or_default();
        let known = |name: &String| AuthenticationMethod::ALL.into_iter().find(|known| known.name() == name);
        names.iter().filter_map(known).fold(Self::NONE, Self::and)
    }
}

impl FromIterator<AuthenticationMethod> for Methods {
    fn from_iter<I: IntoIterator<Item = AuthenticationMethod>>(methods: I) -> Self {
        methods.into_iter().fold(Self::NONE, Self::and)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_comes_back_from_its_column() {
        for bits in 0..=u8::MAX {
            let methods = Methods(bits);
            assert_eq!(Methods::from_column(Some(&methods.to_column())), methods);
        }
        assert_eq!(Methods::PASSWORD.to_column(), r#"["pwd"]"#);
    }

    #[test]
    fn a_session_of_an_earlier_release_began_with_a_password() {
        assert_eq!(Methods::from_column(None), Methods::PASSWORD);
    }

    #[test]
    fn unknown_names_and_broken_texts_prove_nothing() {
        assert_eq!(Methods::from_column(Some(r#"["face","pwd"]"#)), Methods::PASSWORD);
        assert_eq!(Methods::from_column(Some("mfa")), Methods::NONE);
    }
}
