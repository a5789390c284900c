//! What the requests for a new account have in common.

use crate::api::body::fields::Fields;
use crate::api::error::IssueCode;
use crate::model::user::Profile;
use crate::model::user::email::Email;

/// The profile of the account of `email`; its issues are noted in `fields`.
pub fn read_profile(fields: &mut Fields, email: Option<&Email>) -> Profile {
    let username = fields
        .is_given("username")
        .then(|| fields.username("username"))
        .flatten();
    if username
        .as_ref()
        .zip(email)
        .is_some_and(|(name, email)| !name.fits(email))
    {
        fields.add_issue(
            "username",
            IssueCode::InvalidCharacters,
            "Use @ only if the name is the account's own address",
        );
    }
    Profile {
        username,
        first_name: fields
            .optional_text("first_name", Profile::NAME_LENGTH)
            .unwrap_or_default(),
        last_name: fields
            .optional_text("last_name", Profile::NAME_LENGTH)
            .unwrap_or_default(),
        number_phone: fields.optional_text("number_phone", Profile::PHONE_LENGTH),
    }
}
