//! The templates that come with the service.
//!
//! To add a mail, write its four files (`en` and `de`, `.txt` and `.html`) and add one line to [`MAILS`]. The build
//! fails while one of the files is missing.

/// A template's name and its text.
pub type Template = (&'static str, &'static str);

/// The templates that are no mail of their own.
pub const PAGES: [Template; 2] = [
    ("inbox.html", include_str!("inbox.html")),
    ("layout.html", include_str!("layout.html")),
];

/// The languages that every built-in mail has.
pub const LANGUAGES: [&str; 2] = ["en", "de"];

/// The four templates of a kind of mail: each of the [`LANGUAGES`] as text and as HTML.
macro_rules! mail {
    ($kind:literal) => {
        [
            mail!(@file "en/", $kind, ".txt"),
            mail!(@file "en/", $kind, ".html"),
            mail!(@file "de/", $kind, ".txt"),
            mail!(@file "de/", $kind, ".html"),
        ]
    };
    (@file $language:literal, $kind:literal, $ending:literal) => {
        (concat!($language, $kind, $ending), include_str!(concat!($language, $kind, $ending)))
    };
}

/// Every kind of mail, as [`Message::kind`](crate::model::mail::Message::kind) names it.
pub const MAILS: &[[Template; 4]] = &[
    mail!("reset_code"),
    mail!("log_in_code"),
    mail!("verify_code"),
    mail!("change_code"),
    mail!("invitation"),
    mail!("password_breached"),
    mail!("password_changed"),
    mail!("confirmed_by_log_in"),
    mail!("email_changed"),
    mail!("unconfirmed_email_changed"),
    mail!("confirmed_by_provider"),
    mail!("identity_linked"),
    mail!("identity_removed"),
    mail!("account_deleted"),
    mail!("new_log_in"),
    mail!("reauthentication_code"),
    mail!("authenticator_added"),
    mail!("authenticator_removed"),
    mail!("recovery_codes_renewed"),
    mail!("recovery_code_used"),
    mail!("passkey_added"),
    mail!("passkey_removed"),
    mail!("passkey_copied"),
];
