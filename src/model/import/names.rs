//! What each system calls the fields of an account.

/// The system that an export comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// The fields of `docs/moving.md`.
    Common,
    /// An export of this service.
    Own,
    Django,
    BetterAuth,
    PocketBase,
    Supabase,
    Firebase,
    Auth0,
    Clerk,
    Keycloak,
    Laravel,
    WordPress,
}

/// The paths at which a system has its values, the first that has one counting.
#[derive(Debug)]
pub struct Names {
    pub email: &'static [&'static str],
    /// A time or a flag.
    pub verified: &'static [&'static str],
    pub hash: &'static [&'static str],
    pub username: &'static [&'static str],
    pub first_name: &'static [&'static str],
    pub last_name: &'static [&'static str],
    pub phone: &'static [&'static str],
    pub created_at: &'static [&'static str],
    pub last_log_in_at: &'static [&'static str],
    pub enabled: &'static [&'static str],
    pub disabled: &'static [&'static str],
    /// What is there if an account has a second factor.
    pub second_factor: &'static [&'static str],
    pub identities: &'static [&'static str],
}

const NONE: Names = Names {
    email: &[],
    verified: &[],
    hash: &[],
    username: &[],
    first_name: &[],
    last_name: &[],
    phone: &[],
    created_at: &[],
    last_log_in_at: &[],
    enabled: &[],
    disabled: &[],
    second_factor: &[],
    identities: &[],
};

const COMMON: Names = Names {
    email: &["email"],
    verified: &["email_verified_at", "email_verified"],
    hash: &["password_hash"],
    username: &["username"],
    first_name: &["first_name"],
    last_name: &["last_name"],
    phone: &["number_phone"],
    created_at: &["created_at"],
    last_log_in_at: &["last_log_in_at"],
    disabled: &["disabled_at", "disabled"],
    second_factor: &["second_factor_at"],
    identities: &["identities"],
    ..NONE
};

const DJANGO: Names = Names {
    email: &["fields.email", "email"],
    verified: &["fields.email_verified", "email_verified"],
    hash: &["fields.password", "password"],
    username: &["fields.username", "username"],
    first_name: &["fields.first_name", "first_name"],
    last_name: &["fields.last_name", "last_name"],
    created_at: &["fields.date_joined", "date_joined"],
    last_log_in_at: &["fields.last_login", "last_login"],
    enabled: &["fields.is_active", "is_active"],
    ..NONE
};

const BETTER_AUTH: Names = Names {
    email: &["email"],
    verified: &["emailVerified", "email_verified"],
    hash: &["password"],
    username: &["username"],
    first_name: &["name"],
    created_at: &["createdAt", "created_at"],
    disabled: &["banned"],
    second_factor: &["twoFactorEnabled"],
    ..NONE
};

const POCKET_BASE: Names = Names {
    email: &["email"],
    verified: &["verified"],
    hash: &["password", "passwordHash"],
    username: &["username"],
    first_name: &["name"],
    created_at: &["created"],
    ..NONE
};

const SUPABASE: Names = Names {
    email: &["email"],
    verified: &["email_confirmed_at"],
    hash: &["encrypted_password"],
    first_name: &["raw_user_meta_data.first_name", "raw_user_meta_data.full_name"],
    last_name: &["raw_user_meta_data.last_name"],
    created_at: &["created_at"],
    last_log_in_at: &["last_sign_in_at"],
    disabled: &["banned_until", "deleted_at"],
    ..NONE
};

const FIREBASE: Names = Names {
    email: &["email"],
    verified: &["emailVerified"],
    first_name: &["displayName"],
    created_at: &["createdAt"],
    last_log_in_at: &["lastSignedInAt"],
    disabled: &["disabled"],
    second_factor: &["mfaInfo"],
    identities: &["providerUserInfo"],
    ..NONE
};

const AUTH0: Names = Names {
    email: &["email"],
    verified: &["email_verified"],
    hash: &["password_hash", "passwordHash", "custom_password_hash.hash.value"],
    username: &["username"],
    first_name: &["given_name"],
    last_name: &["family_name"],
    created_at: &["created_at"],
    last_log_in_at: &["last_login"],
    disabled: &["blocked"],
    second_factor: &["mfa_factors"],
    ..NONE
};

const CLERK: Names = Names {
    email: &[
        "primary_email_address",
        "verified_email_addresses",
        "unverified_email_addresses",
    ],
    hash: &["password_digest"],
    username: &["username"],
    first_name: &["first_name"],
    last_name: &["last_name"],
    ..NONE
};

const KEYCLOAK: Names = Names {
    email: &["email"],
    verified: &["emailVerified"],
    username: &["username"],
    first_name: &["firstName"],
    last_name: &["lastName"],
    created_at: &["createdTimestamp"],
    enabled: &["enabled"],
    identities: &["federatedIdentities"],
    ..NONE
};

const LARAVEL: Names = Names {
    email: &["email"],
    verified: &["email_verified_at"],
    hash: &["password"],
    first_name: &["name"],
    created_at: &["created_at"],
    second_factor: &["two_factor_secret"],
    ..NONE
};

const WORD_PRESS: Names = Names {
    email: &["user_email"],
    hash: &["user_pass"],
    username: &["user_login"],
    first_name: &["first_name", "display_name"],
    last_name: &["last_name"],
    created_at: &["user_registered"],
    ..NONE
};

impl System {
    #[must_use]
    pub fn names(self) -> Names {
        match self {
            Self::Common | Self::Own => COMMON,
            Self::Django => DJANGO,
            Self::BetterAuth => BETTER_AUTH,
            Self::PocketBase => POCKET_BASE,
            Self::Supabase => SUPABASE,
            Self::Firebase => FIREBASE,
            Self::Auth0 => AUTH0,
            Self::Clerk => CLERK,
            Self::Keycloak => KEYCLOAK,
            Self::Laravel => LARAVEL,
            Self::WordPress => WORD_PRESS,
        }
    }
}
