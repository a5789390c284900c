//! Turns every error, the framework's own included, into the API's error body, and adds `Allow` to 405.

use std::collections::BTreeMap;
use std::sync::Arc;

use poem::error::ResponseError;
use poem::http::{HeaderValue, Method, header};
use poem::{Endpoint, Error, IntoResponse, Request, Response, Result};
use poem_openapi::OperationId;

use crate::api::error::django::TokenError;
use crate::api::error::{ApiError, ErrorCode};
use crate::api::spec::Document;

/// Segments of an unknown path that logs show.
const MOST_SEGMENTS_SHOWN: usize = 8;

pub async fn errors<E>(paths: Arc<Paths>, next: Arc<E>, request: Request) -> Result<Response>
where
    E: Endpoint,
    E::Output: IntoResponse,
{
    let path = request.uri().path().to_owned();
    let error = match next.call(request).await {
        Ok(response) => return Ok(response.into_response()),
        Err(error) => error,
    };
    let mut response = answer(&error, &path, &paths);
    if let Some(operation) = error.data::<OperationId>() {
        response.set_data(*operation);
    }
    Ok(response)
}

fn answer(error: &Error, path: &str, paths: &Paths) -> Response {
    if let Some(error) = error.downcast_ref::<TokenError>() {
        return error.as_response();
    }
    let error = ApiError::from(error);
    let mut response = error.to_response();
    if error.code == ErrorCode::MethodNotAllowed {
        let allow = HeaderValue::try_from(paths.methods(path)).expect("methods are header characters");
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
}

/// The methods of each path, for the `Allow` header.
#[derive(Debug)]
pub struct Paths(Vec<(Vec<String>, Vec<String>)>);

impl Paths {
    /// The paths of `document`, and `others`, of which one may come once for each of its methods.
    #[must_use]
    pub fn new(document: &Document, others: &[(&str, &Method)]) -> Self {
        let mut own: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (path, method) in others {
            own.entry(path).or_default().push(method.to_string());
        }
        let all = document.paths().chain(own);
        Self(
            all.map(|(path, methods)| (segments(path), with_head(methods)))
                .collect(),
        )
    }

    /// Whether one of the templates fits `path`.
    #[must_use]
    pub fn know(&self, path: &str) -> bool {
        let asked = segments(path);
        self.0.iter().any(|(template, _)| matches(template, &asked))
    }

    /// The methods of `path`, separated by commas; empty for an unknown path.
    #[must_use]
    pub fn methods(&self, path: &str) -> String {
        let asked = segments(path);
        let known = self.0.iter().find(|(template, _)| matches(template, &asked));
        known.map(|(_, methods)| methods.join(", ")).unwrap_or_default()
    }

    /// A path as logs show it: its template. Of a path without one only the segments that some template has, because
    /// the others may hold an address or a secret; `*` stands for each of them.
    #[must_use]
    pub fn shown(&self, path: &str) -> String {
        let asked = segments(path);
        if let Some((template, _)) = self.0.iter().find(|(template, _)| matches(template, &asked)) {
            return with_slash(&template.join("/"));
        }
        let shown = asked.iter().skip(1).take(MOST_SEGMENTS_SHOWN).map(|segment| {
            let is_literal = !segment.starts_with('{');
            let is_known = is_literal && self.0.iter().any(|(template, _)| template.contains(segment));
            if is_known { segment.as_str() } else { "*" }
        });
        let shown = shown.fold(String::new(), |shown, segment| format!("{shown}/{segment}"));
        let rest = if asked.len() > MOST_SEGMENTS_SHOWN + 1 {
            "/…"
        } else {
            ""
        };
        format!("{shown}{rest}")
    }
}

fn with_slash(path: &str) -> String {
    if path.is_empty() { "/" } else { path }.to_owned()
}

/// The framework answers HEAD on every path with GET.
fn with_head(mut methods: Vec<String>) -> Vec<String> {
    if methods.iter().any(|method| method == "GET") && !methods.iter().any(|method| method == "HEAD") {
        methods.push("HEAD".to_owned());
    }
    methods
}

fn segments(path: &str) -> Vec<String> {
    path.trim_end_matches('/').split('/').map(str::to_owned).collect()
}

fn matches(template: &[String], path: &[String]) -> bool {
    template.len() == path.len()
        && template
            .iter()
            .zip(path)
            .all(|(expected, found)| expected.starts_with(['{', ':']) || expected == found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_show_templates_and_nothing_that_a_client_made_up() {
        let paths = Paths(
            [
                "/",
                "/api/auth/login",
                "/api/users/{user_id}",
                "/{email}/reset-password",
            ]
            .map(|path| (segments(path), Vec::new()))
            .into(),
        );
        for (path, shown) in [
            ("/", "/"),
            ("", "/"),
            ("/api/auth/login", "/api/auth/login"),
            ("/api/auth/login/", "/api/auth/login"),
            ("/api/users/me", "/api/users/{user_id}"),
            ("/a@example.com/reset-password", "/{email}/reset-password"),
            ("/api/auth/logn", "/api/auth/*"),
            ("/prefix/api/auth/login", "/*/api/auth/login"),
            ("/wp-admin/%0a.php", "/*/*"),
            ("/{email}/x", "/*/*"),
            ("//api", "//api"),
            ("/1/2/3/4/5/6/7/8/9/10", "/*/*/*/*/*/*/*/*/…"),
        ] {
            assert_eq!(paths.shown(path), shown, "{path}");
        }
    }
}
