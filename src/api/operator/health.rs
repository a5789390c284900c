//! `/health/live`, `/health/ready`.

use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{Object, OpenApi};

use crate::api::error::ApiError;
use crate::api::tag::Tag;
use crate::app::App;
use crate::flows::operator::check_readiness::check_readiness;

pub struct HealthApi(pub App);

/// The check passed. If a check fails, the answer is an error.
#[derive(Debug, Object)]
#[oai(example)]
pub struct HealthResponse {
    /// Always `ok`.
    status: String,
}

#[OpenApi(tag = "Tag::Health")]
impl HealthApi {
    /// Check that the process is alive
    ///
    /// Answers 200 while the process can handle requests. Does not check the database.
    #[oai(path = "/health/live", method = "get", operation_id = "getLiveness")]
    async fn get_liveness(&self) -> Json<HealthResponse> {
        Json(HealthResponse::example())
    }

    /// Check that this instance can serve
    ///
    /// Answers 200 if the database responds and has the migrations of this version of the service, and 503
    /// `unavailable` otherwise.
    #[oai(path = "/health/ready", method = "get", operation_id = "getReadiness")]
    async fn get_readiness(&self) -> Result<Json<HealthResponse>, ApiError> {
        check_readiness(&self.0).await?;
        Ok(Json(HealthResponse::example()))
    }
}

impl Example for HealthResponse {
    fn example() -> Self {
        Self {
            status: "ok".to_owned(),
        }
    }
}
