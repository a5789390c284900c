//! Request bodies: JSON objects and forms.
//!
//! The framework's own parser is not used: it stops at the first issue, names internal types and repeats the input.

pub mod fields;

use std::marker::PhantomData;

use poem::http::{HeaderMap, Method, header};
use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaMediaType, MetaRequest, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::error::{Accepts, ApiError};
use fields::Fields;

const JSON_TYPE: &str = "application/json";
const FORM_TYPE: &str = "application/x-www-form-urlencoded";
const FORM_TOO: &str = "You can also send a form with these fields (`application/x-www-form-urlencoded`).";
const BOTH_TYPES: &str = "application/json, application/x-www-form-urlencoded";

/// The body of an operation. `T` is its schema in the OpenAPI document, `FORM` allows a form as well as JSON, and
/// `REQUIRED` rejects an empty body.
#[derive(Debug)]
pub struct Body<T, const FORM: bool, const REQUIRED: bool> {
    pub fields: Fields,
    schema: PhantomData<T>,
}

pub type JsonBody<T> = Body<T, false, true>;
/// For operations whose fields are all optional.
pub type OptionalJsonBody<T> = Body<T, false, false>;
/// For sign-up and log-in, which a published command-line client calls with forms, and for the token API, because
/// Django REST takes forms.
pub type JsonOrForm<T> = Body<T, true, true>;

impl<T, const FORM: bool, const REQUIRED: bool> Body<T, FORM, REQUIRED> {
    /// The media types that the operation takes, separated by commas.
    const TYPES: &'static str = if FORM { BOTH_TYPES } else { JSON_TYPE };

    fn parse(method: &Method, content_type: &str, bytes: &[u8]) -> Result<Self, ApiError> {
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        let values = if bytes.is_empty() && !REQUIRED {
            Some(Map::new())
        } else if media_type.eq_ignore_ascii_case(JSON_TYPE) {
            json_object(bytes)
        } else if FORM && media_type.eq_ignore_ascii_case(FORM_TYPE) {
            Some(form(bytes))
        } else {
            return Err(ApiError::unsupported(Accepts::MediaTypes(Self::TYPES, method.clone())));
        };
        let values = values.ok_or_else(ApiError::malformed)?;
        Ok(Self {
            fields: Fields::new(values),
            schema: PhantomData,
        })
    }
}

/// Whether the body is compressed or otherwise encoded. The service decodes none: a small body could become large.
fn is_encoded(headers: &HeaderMap) -> bool {
    let codings = headers.get_all(header::CONTENT_ENCODING).iter();
    codings
        .map(|coding| coding.as_bytes().trim_ascii())
        .any(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity"))
}

/// A repeated field replaces the earlier one, as in JavaScript.
fn json_object(bytes: &[u8]) -> Option<Map<String, Value>> {
    serde_json::from_slice(bytes).ok()
}

/// A repeated field is ambiguous. So is one whose decoded bytes are not UTF-8: the decoder replaces those bytes, and a
/// password must not be altered. Both become lists, which no field accepts.
fn form(bytes: &[u8]) -> Map<String, Value> {
    let mut values = Map::new();
    for (name, value) in form_urlencoded::parse(bytes) {
        let is_ambiguous = values.contains_key(name.as_ref()) || value.contains(char::REPLACEMENT_CHARACTER);
        let value = if is_ambiguous {
            Value::Array(Vec::new())
        } else {
            value.into_owned().into()
        };
        values.insert(name.into_owned(), value);
    }
    values
}

impl<'a, T: Type, const FORM: bool, const REQUIRED: bool> ApiExtractor<'a> for Body<T, FORM, REQUIRED> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    /// Names JSON only as a media type: with two of them, generated clients send no content type (kubb), can't be
    /// imported (openapi-python-client) or send forms.
    fn request_meta() -> Option<MetaRequest> {
        Some(MetaRequest {
            description: FORM.then_some(FORM_TOO),
            content: vec![MetaMediaType {
                content_type: JSON_TYPE,
                schema: T::schema_ref(),
            }],
            required: REQUIRED,
        })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let content_type = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        // The `body_limit` layer has limited the size already.
        let bytes = body.take()?.into_bytes().await?;
        if is_encoded(request.headers()) && !bytes.is_empty() {
            return Err(ApiError::unsupported(Accepts::Identity).into());
        }
        Ok(Self::parse(request.method(), content_type.unwrap_or_default(), &bytes)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::error::ErrorCode;

    fn parse(content_type: &str, bytes: &[u8]) -> Result<Fields, ApiError> {
        JsonOrForm::<String>::parse(&Method::POST, content_type, bytes).map(|body| body.fields)
    }

    #[test]
    fn a_body_must_be_one_json_object() {
        for bytes in [
            "",
            "[]",
            "null",
            "\"text\"",
            "{",
            "{}x",
            "\u{feff}{}",
            r#"{"email":"\ud800"}"#,
        ] {
            assert!(parse(JSON_TYPE, bytes.as_bytes()).is_err(), "{bytes}");
        }
        assert!(parse(JSON_TYPE, "[".repeat(16_000).as_bytes()).is_err());
        assert!(parse(JSON_TYPE, b"{\"email\":\"\xff\"}").is_err());
    }

    #[test]
    fn a_repeated_or_garbled_form_field_is_not_a_string() {
        for form in ["password=a&password=b", "password=%ff%ff%ff%ff%ff%ff%ff%ff"] {
            assert_eq!(
                parse(FORM_TYPE, form.as_bytes()).unwrap().text("password"),
                None,
                "{form}"
            );
        }
        let unknown = parse(FORM_TYPE, b"x=1&x=2&y=%ff&password=a+b")
            .unwrap()
            .text("password");
        assert_eq!(unknown.as_deref(), Some("a b"));
    }

    #[test]
    fn a_form_is_accepted_only_where_it_is_published() {
        let error = JsonBody::<String>::parse(&Method::PATCH, FORM_TYPE, b"email=a").unwrap_err();
        assert_eq!(error.code, ErrorCode::UnsupportedMediaType);
        assert_eq!(
            error.accepts.as_deref(),
            Some(&Accepts::MediaTypes(JSON_TYPE, Method::PATCH))
        );
    }

    #[test]
    fn the_media_type_decides_how_a_body_is_read() {
        for media_type in ["application/json", "Application/JSON; charset=utf-8"] {
            assert!(parse(media_type, b"{}").is_ok(), "{media_type}");
        }
        for media_type in [
            "",
            "text/plain",
            "multipart/form-data",
            "application/xml",
            "application/jsonx",
        ] {
            assert_eq!(
                parse(media_type, b"{}").unwrap_err().code,
                ErrorCode::UnsupportedMediaType,
                "{media_type}"
            );
        }
    }
}
