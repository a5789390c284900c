//! `/health/live`, `/health/ready`.

use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{Object, OpenApi};

use crate::api::error::ApiError;
use crate::api::tag::Tag;
use crate::app::App;
use crate::flows::operator::check_readiness::check_readiness;
use crate::telemetry::BackgroundTask;

pub struct HealthApi(pub App);

/// The check passed. If a check fails, the answer is an error.
#[derive(Debug, Object)]
#[oai(example)]
pub struct HealthResponse {
    /// `ok`, or `degraded` while this instance serves requests but one of its background tasks fails.
    status: String,
    /// The background tasks that fail now, such as `mail`. Left out when all work.
    #[oai(skip_serializing_if_is_none)]
    failing: Option<Vec<String>>,
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
    /// Answers 200 if the database responds, takes writes and has the migrations of this version of the service, and
    /// 503 `unavailable` otherwise. A background task that fails leaves the answer at 200, with `degraded` as its
    /// status: requests are still served, and another instance would fail in the same way.
    #[oai(path = "/health/ready", method = "get", operation_id = "getReadiness")]
    async fn get_readiness(&self) -> Result<Json<HealthResponse>, ApiError> {
        check_readiness(&self.0).await?;
        Ok(Json(HealthResponse::of(&self.0.background.failing())))
    }
}

impl HealthResponse {
    fn of(failing: &[BackgroundTask]) -> Self {
        let failing: Vec<_> = failing.iter().map(|task| task.name()).collect();
        Self {
            status: if failing.is_empty() { "ok" } else { "degraded" }.to_owned(),
            failing: (!failing.is_empty()).then_some(failing),
        }
    }
}

impl Example for HealthResponse {
    fn example() -> Self {
        Self::of(&[])
    }
}
