//! `/health/live`, `/health/ready`.

use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{Object, OpenApi};

use crate::api::error::ApiError;
use crate::api::tag::Tag;
use crate::app::App;
use crate::flows::operator::check_readiness::check_readiness;

pub struct HealthApi(pub App);

/// All is well; a refusal says otherwise.
#[derive(Debug, Object)]
#[oai(example)]
pub struct HealthResponse {
    /// Always `ok`.
    status: String,
}

#[OpenApi(tag = "Tag::Health")]
impl HealthApi {
    /// Is the process alive?
    #[oai(path = "/health/live", method = "get", operation_id = "getLiveness")]
    async fn get_liveness(&self) -> Json<HealthResponse> {
        Json(HealthResponse::example())
    }

    /// Can this instance serve?
    ///
    /// It can when its database answers and has the migrations that the binary was built with.
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
