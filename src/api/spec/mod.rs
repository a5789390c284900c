//! The OpenAPI document: what the framework derives from the code, completed by rules for every operation.

mod errors;
mod responses;

use std::collections::HashMap;
use std::marker::PhantomData;

use poem::endpoint::BoxEndpoint;
use poem::http::Method;
use poem_openapi::registry::{MetaApi, Registry};
use poem_openapi::types::Type;
use poem_openapi::{LicenseObject, OpenApi, OpenApiService};
use serde_json::{Map, Value, json};

use super::Apis;
use super::error::ErrorBody;
use super::error::django::{TokenErrorBody, TokenErrors};
use super::formats::NEW_PASSWORD;
use super::guard::COOKIE_SCHEME;
use super::layers::token_api;
use crate::model::session::cookie::SessionCookie;
use crate::model::user::password::PasswordPolicy;
use errors::Dialect;
use responses::members;

/// Where a service with default settings is reached.
const DEFAULT_URL: &str = "http://localhost:8080";
const TITLE: &str = "Neptun Auth";
const VERSION: &str = env!("CARGO_PKG_VERSION");
const DESCRIPTION: &str = "Sign-up, log-in and sessions for your web app. Call from a page with \
    `credentials: \"include\"` to be signed in by a session cookie; the session itself stays on the server. Apps can \
    use pairs of JWTs for the same accounts. You can call every path with or without a final slash.";

/// The complete document, to serve or to write to a file.
#[derive(Debug, Clone)]
pub struct Document {
    complete: Value,
}

impl Document {
    /// Builds the document of a service at the origin `public_url`, with the session cookie `cookie_name` and a minimum
    /// of `password_min_length` characters for new passwords.
    ///
    /// # Panics
    /// When the framework does not write JSON.
    #[must_use]
    pub fn new(public_url: &str, cookie_name: &str, password_min_length: usize) -> Self {
        let mut complete = serde_json::from_str(&described().spec()).expect("the framework writes JSON");
        finish(&mut complete, cookie_name, password_min_length);
        complete["servers"] = servers(public_url);
        complete["info"]["contact"] = json!({ "name": "The operator of this service", "url": public_url });
        Self { complete }
    }

    /// The document of a service with default settings.
    #[must_use]
    pub fn of_defaults() -> Self {
        let name = SessionCookie::DEFAULT_NAME;
        Self::new(DEFAULT_URL, name, PasswordPolicy::DEFAULT_MINIMUM)
    }

    /// The document as JSON, indented.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(&self.complete).expect("a JSON value can be written") + "\n"
    }

    /// The document as JSON on one line.
    #[must_use]
    pub fn compact(&self) -> String {
        self.complete.to_string()
    }

    /// The document as YAML.
    #[must_use]
    pub fn yaml(&self) -> String {
        yaml_serde::to_string(&self.complete).expect("a JSON value can be written as YAML")
    }

    /// Every path with its methods, in capitals.
    pub fn paths(&self) -> impl Iterator<Item = (&str, Vec<String>)> {
        let paths = self.complete["paths"].as_object().into_iter().flatten();
        paths.map(|(path, operations)| {
            let methods = operations.as_object().into_iter().flat_map(Map::keys);
            (path.as_str(), methods.map(|method| method.to_uppercase()).collect())
        })
    }

    /// Every operation with each status that it may answer.
    pub fn answers(&self) -> impl Iterator<Item = (&str, &str)> {
        let paths = self.complete["paths"].as_object().into_iter().flatten();
        let operations = paths.flat_map(|(_, operations)| operations.as_object().into_iter().flatten());
        operations.flat_map(|(_, operation)| {
            let name = operation["operationId"].as_str().unwrap_or_default();
            let statuses = operation["responses"].as_object().into_iter().flat_map(Map::keys);
            statuses.map(move |status| (name, status.as_str()))
        })
    }
}

fn described() -> OpenApiService<impl OpenApi, ()> {
    OpenApiService::new(Described::<Apis>(PhantomData), TITLE, VERSION)
        .description(DESCRIPTION)
        .license(LicenseObject::new("MIT OR Apache-2.0").url("https://spdx.org/licenses/MIT.html"))
}

fn servers(url: &str) -> Value {
    json!([{ "url": url, "description": "The service that serves this document" }])
}

/// Describes an API but can't serve it, so building the document needs no database.
struct Described<T>(PhantomData<T>);

impl<T: OpenApi> OpenApi for Described<T> {
    fn meta() -> Vec<MetaApi> {
        T::meta()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn add_routes(self, _: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {}
}

fn finish(document: &mut Value, cookie_name: &str, password_min_length: usize) {
    document["openapi"] = json!("3.0.3");
    document["components"]["securitySchemes"][COOKIE_SCHEME]["name"] = json!(cookie_name);
    let schemas = &mut document["components"]["schemas"];
    add_error_schemas(object(schemas));
    set_minimum_of_new_passwords(schemas, password_min_length);
    let schemas = schemas.clone();
    for (path, method, operation) in operations(document) {
        let dialect = if token_api::PATHS.contains(&path) {
            Dialect::Django
        } else {
            Dialect::Own
        };
        responses::add(dialect, method, operation, &schemas);
    }
}

/// New passwords are recognised by their format. Their minimum length is a setting, so the code can't declare it.
fn set_minimum_of_new_passwords(schemas: &mut Value, minimum: usize) {
    let properties = members(schemas).filter_map(|schema| schema.get_mut("properties"));
    let takes_new_password = |property: &&mut Value| property["format"] == NEW_PASSWORD;
    for property in properties.flat_map(members).filter(takes_new_password) {
        property["format"] = json!("password");
        property["minLength"] = json!(minimum);
    }
}

/// Every error response refers to these schemas, but the framework leaves them out: no operation returns their types.
fn add_error_schemas(schemas: &mut Map<String, Value>) {
    let mut registry = Registry::new();
    ErrorBody::register(&mut registry);
    TokenErrorBody::register(&mut registry);
    TokenErrors::register(&mut registry);
    for (name, schema) in registry.schemas {
        schemas.insert(name, serde_json::to_value(schema).expect("a schema is JSON"));
    }
}

/// Every operation with its path and method.
fn operations(document: &mut Value) -> impl Iterator<Item = (&str, &str, &mut Value)> {
    let paths = object(&mut document["paths"]).iter_mut();
    paths.flat_map(|(path, methods)| {
        let methods = object(methods).iter_mut();
        methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

fn object(value: &mut Value) -> &mut Map<String, Value> {
    value.as_object_mut().expect("this part of a document is an object")
}
