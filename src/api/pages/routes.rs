//! Routes that the OpenAPI document does not list.

use std::collections::HashMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use poem::endpoint::{BoxEndpoint, make, make_sync};
use poem::http::Method;
use poem::{EndpointExt, Request, Response, Result};
use poem_openapi::OpenApi;
use poem_openapi::registry::{MetaApi, Registry};
use sha2::{Digest, Sha256};

/// Answers with their methods and paths.
#[derive(Default)]
pub struct Routes(Vec<(Method, &'static str, BoxEndpoint<'static>)>);

impl Routes {
    /// Adds the answer to GET at a path.
    #[must_use]
    pub fn get<F>(mut self, (path, answer): (&'static str, F)) -> Self
    where
        F: Fn(&Request) -> Result<Response> + Send + Sync + 'static,
    {
        let endpoint = make_sync(move |request| answer(&request));
        self.0.push((Method::GET, path, endpoint.map_to_response().boxed()));
        self
    }

    /// Adds the answer to POST at a path.
    #[must_use]
    pub fn post<F, A>(mut self, (path, answer): (&'static str, F)) -> Self
    where
        F: Fn(Request) -> A + Send + Sync + 'static,
        A: Future<Output = Result<Response>> + Send + 'static,
    {
        self.0
            .push((Method::POST, path, make(answer).map_to_response().boxed()));
        self
    }

    /// The paths with their methods.
    pub fn paths(&self) -> impl Iterator<Item = (&'static str, &Method)> {
        self.0.iter().map(|(method, path, _)| (*path, method))
    }
}

/// The framework keeps one table of routes, so pages enter it the way operations do.
impl OpenApi for Routes {
    fn meta() -> Vec<MetaApi> {
        Vec::new()
    }

    fn register(_: &mut Registry) {}

    fn add_routes(self, table: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {
        for (method, path, endpoint) in self.0 {
            table.entry(path.to_owned()).or_default().insert(method, endpoint);
        }
    }
}

/// A script of a page, as a Content-Security-Policy allows it.
pub fn script_hash(script: &str) -> String {
    format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(script)))
}
