//! `/api/admin/webhooks`: other services that are told of events.

use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, OpenApi};
use uuid::Uuid;

use super::guard::{AdminReader, AdminWriter};
use super::parameters::Position;
use super::webhook_types::{
    AdminCreateWebhookRequest, AdminDeliveryList, AdminUpdateWebhookRequest, AdminWebhook, AdminWebhookSecret,
};
use crate::api::body::JsonBody;
use crate::api::body::fields::Fields;
use crate::api::error::{ApiError, ErrorCode, Issue, IssueCode};
use crate::api::paging::Limit;
use crate::api::tag::Tag;
use crate::app::App;
use crate::flows::operator::change_webhook::{ChangeWebhookError, WebhookChange, change_webhook, update_webhook};
use crate::flows::operator::create_webhook::{CreateWebhookError, create_webhook};
use crate::flows::operator::list_deliveries::list_deliveries;
use crate::flows::operator::list_webhooks::list_webhooks;
use crate::flows::operator::show_webhook::show_webhook;
use crate::model::event::EventKind;
use crate::model::webhook::{InvalidWebhook, Webhook};

pub struct AdminWebhooksApi(pub App);

#[derive(ApiResponse)]
enum Created {
    /// The webhook was created.
    #[oai(status = 201)]
    Created(Json<AdminWebhookSecret>),
}

#[derive(ApiResponse)]
enum Done {
    /// It is done.
    #[oai(status = 204)]
    Done,
}

#[OpenApi(tag = "Tag::Admin")]
impl AdminWebhooksApi {
    /// List the webhooks
    ///
    /// Returns all webhooks, the oldest first. There are at most 50.
    #[oai(path = "/api/admin/webhooks", method = "get", operation_id = "adminListWebhooks")]
    async fn list_webhooks(&self, _operator: AdminReader) -> Result<Json<Vec<AdminWebhook>>, ApiError> {
        let listed = list_webhooks(&self.0).await?;
        Ok(Json(listed.into_iter().map(AdminWebhook::of).collect()))
    }

    /// Create a webhook
    ///
    /// Creates a webhook that is told of events from now on. Returns it with its secret, which is not shown again.
    ///
    /// Answers 409 `already_set_up` if there are 50 webhooks.
    #[oai(path = "/api/admin/webhooks", method = "post", operation_id = "adminCreateWebhook")]
    async fn create_webhook(
        &self,
        operator: AdminWriter,
        body: JsonBody<AdminCreateWebhookRequest>,
    ) -> Result<Created, ApiError> {
        let mut fields = body.fields;
        let types = read_types(&mut fields);
        let url = fields.text("url");
        let url = fields.finish(url)?;
        let (webhook, secret) = create_webhook(&self.0, &operator.0, &url, &types.unwrap_or_default()).await?;
        let webhook = AdminWebhook::of((webhook, 0));
        Ok(Created::Created(Json(AdminWebhookSecret::of(webhook, &secret))))
    }

    /// Change a webhook
    ///
    /// Changes its address or its types, disables or enables it. Events wait for a disabled webhook; an enabled one is
    /// sent what waits. Makes all of the changes or none. Returns the webhook.
    ///
    /// Answers 404 `not_found` if there is no webhook with this id.
    #[oai(
        path = "/api/admin/webhooks/:id",
        method = "patch",
        operation_id = "adminUpdateWebhook"
    )]
    async fn update_webhook(
        &self,
        operator: AdminWriter,
        /// The id of the webhook.
        id: Path<Uuid>,
        body: JsonBody<AdminUpdateWebhookRequest>,
    ) -> Result<Json<AdminWebhook>, ApiError> {
        let known = show_webhook(&self.0, id.0).await?;
        let (known, _) = known.ok_or(ApiError::from(ErrorCode::NotFound))?;
        let changes = read_changes(body.fields, &known)?;
        let left = update_webhook(&self.0, &operator.0, id.0, changes).await?;
        Ok(Json(AdminWebhook::of(left)))
    }

    /// Delete a webhook
    ///
    /// Deletes the webhook and what waits for it. Answers 404 `not_found` if there is no webhook with this id.
    #[oai(
        path = "/api/admin/webhooks/:id",
        method = "delete",
        operation_id = "adminDeleteWebhook"
    )]
    async fn delete_webhook(
        &self,
        operator: AdminWriter,
        /// The id of the webhook.
        id: Path<Uuid>,
    ) -> Result<Done, ApiError> {
        change_webhook(&self.0, &operator.0, id.0, WebhookChange::Delete).await?;
        Ok(Done::Done)
    }

    /// Replace the secret of a webhook
    ///
    /// Returns the webhook with its new secret, which is not shown again. For 24 hours each message has two signatures,
    /// one by the new secret and one by the former.
    ///
    /// Answers 404 `not_found` if there is no webhook with this id.
    #[oai(
        path = "/api/admin/webhooks/:id/rotate",
        method = "post",
        operation_id = "adminRotateWebhook"
    )]
    async fn rotate_webhook(
        &self,
        operator: AdminWriter,
        /// The id of the webhook.
        id: Path<Uuid>,
    ) -> Result<Json<AdminWebhookSecret>, ApiError> {
        let changed = change_webhook(&self.0, &operator.0, id.0, WebhookChange::Rotate).await?;
        let (Some(webhook), Some(secret)) = (changed.left, changed.secret) else {
            return Err(anyhow::anyhow!("a rotation gave no secret").into());
        };
        Ok(Json(AdminWebhookSecret::of(AdminWebhook::of(webhook), &secret)))
    }

    /// List the deliveries of a webhook
    ///
    /// Returns what the webhook was told and what waits for it, the latest first. A delivery is kept as long as its
    /// event.
    ///
    /// Answers 400 `validation_error` for a parameter that is not acceptable, and 404 `not_found` if there is no
    /// webhook with this id.
    #[oai(
        path = "/api/admin/webhooks/:id/deliveries",
        method = "get",
        operation_id = "adminListDeliveries"
    )]
    async fn list_deliveries(
        &self,
        _operator: AdminReader,
        /// The id of the webhook.
        id: Path<Uuid>,
        /// The value of `next` from the page before.
        before: Query<Option<Position>>,
        /// The number of deliveries of a page.
        limit: Query<Option<Limit>>,
    ) -> Result<Json<AdminDeliveryList>, ApiError> {
        let before = before.0.map(|before| before.read()).transpose()?;
        let listed = list_deliveries(&self.0, id.0, before, Limit::read(limit.0)?).await?;
        let (listed, has_more) = listed.ok_or(ApiError::from(ErrorCode::NotFound))?;
        Ok(Json(AdminDeliveryList::of(listed, has_more)))
    }

    /// Send an event to a webhook again
    ///
    /// Sends the event as soon as it is its turn, also if it was delivered before. Events of one account stay in order.
    ///
    /// Answers 404 `not_found` if there is no webhook with this id, or no such delivery.
    #[oai(
        path = "/api/admin/webhooks/:id/deliveries/:event_id/retry",
        method = "post",
        operation_id = "adminRetryDelivery"
    )]
    async fn retry_delivery(
        &self,
        operator: AdminWriter,
        /// The id of the webhook.
        id: Path<Uuid>,
        /// The id of the event.
        event_id: Path<Uuid>,
    ) -> Result<Done, ApiError> {
        change_webhook(&self.0, &operator.0, id.0, WebhookChange::Retry(event_id.0)).await?;
        Ok(Done::Done)
    }
}

fn read_types(fields: &mut Fields) -> Option<Vec<String>> {
    fields.optional_texts("types", EventKind::ALL.len())
}

/// The changes to make, one after the other.
fn read_changes(mut fields: Fields, known: &Webhook) -> Result<Vec<WebhookChange>, ApiError> {
    let mut changes = Vec::new();
    let url = fields.is_given("url").then(|| fields.text("url")).flatten();
    let types = read_types(&mut fields);
    let disabled = fields.flag("disabled");
    let stored = match Webhook::check(url.as_ref().unwrap_or(&known.url), types.as_deref().unwrap_or_default()) {
        Ok(stored) => Some(stored),
        Err(error) => {
            fields.add(issue(&error));
            None
        }
    };
    let types = types.and(stored);
    if url.is_some() || types.is_some() {
        changes.push(WebhookChange::Redirect { url, types });
    }
    match disabled {
        Some(true) => changes.push(WebhookChange::Disable),
        Some(false) => changes.push(WebhookChange::Enable),
        None => {}
    }
    if changes.is_empty() && !fields.has_issues() {
        fields.add(Issue {
            code: IssueCode::Required,
            path: Vec::new(),
            message: "Send at least one change".to_owned(),
        });
    }
    fields.finish(Some(changes))
}

fn issue(error: &InvalidWebhook) -> Issue {
    let (code, field, message) = match error {
        InvalidWebhook::Url => (
            IssueCode::InvalidType,
            "url",
            "Send a URL with https, without a user name and a password",
        ),
        InvalidWebhook::Type(_) => (IssueCode::InvalidChoice, "types", "Send types of events"),
    };
    Issue {
        code,
        path: vec![field.to_owned()],
        message: message.to_owned(),
    }
}

impl From<CreateWebhookError> for ApiError {
    fn from(error: CreateWebhookError) -> Self {
        match error {
            CreateWebhookError::Invalid(error) => Self::validation(vec![issue(&error)]),
            CreateWebhookError::TooMany => ErrorCode::AlreadySetUp.into(),
            CreateWebhookError::Internal(error) => error.into(),
        }
    }
}

impl From<ChangeWebhookError> for ApiError {
    fn from(error: ChangeWebhookError) -> Self {
        match error {
            ChangeWebhookError::NotFound
            | ChangeWebhookError::NoSuchDelivery
            | ChangeWebhookError::NothingToReplay
            | ChangeWebhookError::Unchanged(_) => ErrorCode::NotFound.into(),
            ChangeWebhookError::Internal(error) => error.into(),
        }
    }
}
