//! The OpenAPI document: what the framework derives from the code, completed by rules that hold for every operation.

mod responses;

use std::collections::HashMap;
use std::marker::PhantomData;

use poem::endpoint::BoxEndpoint;
use poem::http::Method;
use poem_openapi::registry::{MetaApi, Registry};
use poem_openapi::types::Type;
use poem_openapi::{LicenseObject, OpenApi, OpenApiService, ServerObject};
use serde_json::{Map, Value, json};

use super::Apis;
use super::error::ErrorBody;
use super::error::django::{TokenErrorBody, TokenErrors};
use super::formats::NEW_PASSWORD;
use super::guard::COOKIE_SCHEME;
use super::layers::token_api;
use responses::{Dialect, members};

const TITLE: &str = "Neptun Auth";
const VERSION: &str = env!("CARGO_PKG_VERSION");
const DESCRIPTION: &str = "Sign-up, log-in and sessions for the web app beside it. A page that calls with \
    `credentials: \"include\"` is signed in by a server-side session cookie; apps get pairs of JWTs for the same accounts. \
    The paths of the operations under Tokens work with a final slash too.";

/// The document, for whatever serves or stores it.
#[derive(Debug, Clone)]
pub struct Document {
    complete: Value,
    derived: String,
}

impl Document {
    /// Describes a service whose session cookie is called `cookie_name` and whose new passwords have at least
    /// `password_min_length` characters.
    ///
    /// # Panics
    /// When the framework derives something that is not JSON.
    #[must_use]
    pub fn new(cookie_name: &str, password_min_length: usize) -> Self {
        let derived = described().spec();
        let mut complete = serde_json::from_str(&derived).expect("the framework writes JSON");
        finish(&mut complete, cookie_name, password_min_length);
        Self { complete, derived }
    }

    /// The document as JSON, indented.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(&self.complete).expect("a JSON value can be written") + "\n"
    }

    /// The document as YAML.
    #[must_use]
    pub fn yaml(&self) -> String {
        yaml_serde::to_string(&self.complete).expect("a JSON value can be written as YAML")
    }

    /// Every path with the methods that it takes, in capitals.
    pub fn paths(&self) -> impl Iterator<Item = (&str, Vec<String>)> {
        let paths = self.complete["paths"].as_object().into_iter().flatten();
        paths.map(|(path, operations)| {
            let methods = operations.as_object().into_iter().flat_map(Map::keys);
            (path.as_str(), methods.map(|method| method.to_uppercase()).collect())
        })
    }

    /// Swagger UI with the document inside, as one page that loads nothing.
    #[must_use]
    pub fn swagger_ui(&self) -> String {
        // Inside a script element only `</` could end it early.
        let complete = self.complete.to_string().replace("</", "<\\/");
        let page = described().swagger_ui_html().replacen(&self.derived, &complete, 1);
        // Without an icon of its own the browser would ask for one.
        page.replacen("<head>", "<head>\n    <link rel=\"icon\" href=\"data:,\">", 1)
    }
}

fn described() -> OpenApiService<impl OpenApi, ()> {
    OpenApiService::new(Described::<Apis>(PhantomData), TITLE, VERSION)
        .description(DESCRIPTION)
        .license(LicenseObject::new("MIT OR Apache-2.0").url("https://spdx.org/licenses/MIT.html"))
        .server(ServerObject::new("/").description("The service that serves this document"))
}

/// Describes an API without being able to serve it, so that the document needs no database.
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
    add_refusal_schemas(object(schemas));
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

/// A field says by its format that it takes a new password; how long that must be is a setting.
fn set_minimum_of_new_passwords(schemas: &mut Value, minimum: usize) {
    let properties = members(schemas).filter_map(|schema| schema.get_mut("properties"));
    let takes_new_password = |property: &&mut Value| property["format"] == NEW_PASSWORD;
    for property in properties.flat_map(members).filter(takes_new_password) {
        property["format"] = json!("password");
        property["minLength"] = json!(minimum);
    }
}

/// Every refusal refers to these, but the framework leaves out what no operation names by its type.
fn add_refusal_schemas(schemas: &mut Map<String, Value>) {
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
