//! The parameters of a list that is read page by page: `before` and `limit`.

use poem_openapi::registry::MetaSchema;
use serde_json::json;
use uuid::Uuid;

use super::error::{ApiError, Issue, IssueCode};

/// Entries of a page, if the client names no number.
const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;

/// The page that a client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    pub before: Option<Uuid>,
    pub limit: u32,
}

impl Page {
    /// # Errors
    /// An issue for each parameter that is not acceptable.
    pub fn read(before: Option<Before>, limit: Option<Limit>) -> Result<Self, ApiError> {
        let before = before.map(|Before(text)| text.parse().map_err(|_| issue("before")));
        match (before.transpose(), Limit::number(limit)) {
            (Ok(before), Ok(limit)) => Ok(Self { before, limit }),
            (before, limit) => {
                let wrong = [before.err(), limit.err()];
                Err(ApiError::validation(wrong.into_iter().flatten().collect()))
            }
        }
    }
}

impl Limit {
    /// The number of entries of a page that has no `before`, or another one than an id.
    ///
    /// # Errors
    /// An issue if the parameter is not acceptable.
    pub fn read(this: Option<Self>) -> Result<u32, ApiError> {
        Self::number(this).map_err(|issue| ApiError::validation(vec![issue]))
    }

    /// The same, for an operation that has other parameters too.
    ///
    /// # Errors
    /// The issue of the parameter.
    pub fn number(this: Option<Self>) -> Result<u32, Issue> {
        match this.map(|Self(text)| text.parse()) {
            None => Ok(DEFAULT_LIMIT),
            Some(Ok(limit)) if (1..=MAX_LIMIT).contains(&limit) => Ok(limit),
            Some(_) => Err(issue("limit")),
        }
    }
}

/// The error for a `before` that names no entry.
pub fn no_such_place() -> ApiError {
    ApiError::validation(vec![issue("before")])
}

fn issue(parameter: &str) -> Issue {
    wrong(
        parameter,
        match parameter {
            "before" => "Send the value of `next` from the page before".to_owned(),
            _ => format!("Send a number from 1 to {MAX_LIMIT}"),
        },
    )
}

/// The issue of a parameter that is not acceptable.
pub fn wrong(parameter: &str, message: impl Into<String>) -> Issue {
    Issue {
        code: IssueCode::InvalidType,
        path: vec![parameter.to_owned()],
        message: message.into(),
    }
}

/// A parameter that takes any text: the framework's own error for a wrong parameter names no field.
macro_rules! parameter {
    ($(#[$doc:meta])* $name:ident, $schema:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name(String);

        impl poem_openapi::types::Type for $name {
            const IS_REQUIRED: bool = true;

            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn schema_ref() -> poem_openapi::registry::MetaSchemaRef {
                poem_openapi::registry::MetaSchemaRef::Inline(Box::new($schema))
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }

            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
                Box::new(self.as_raw_value().into_iter())
            }
        }

        impl poem_openapi::types::ParseFromParameter for $name {
            fn parse_from_parameter(value: &str) -> poem_openapi::types::ParseResult<Self> {
                Ok(Self(value.to_owned()))
            }
        }
    };
}
pub(super) use parameter;

parameter!(
    /// The entry that the page ends before.
    Before,
    MetaSchema::new_with_format("string", "uuid")
);
parameter!(
    /// The number of entries.
    Limit,
    MetaSchema {
        minimum: Some(1.0),
        maximum: Some(f64::from(MAX_LIMIT)),
        default: Some(json!(DEFAULT_LIMIT)),
        ..MetaSchema::new("integer")
    }
);
