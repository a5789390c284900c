//! An operator deletes an account.

use super::claim_user::{ClaimError, claim_user};
use crate::app::App;
use crate::flows::steps::notify::{Owner, notify};
use crate::flows::steps::record_deletion::record_deletion;
use crate::model::admin::Operator;
use crate::model::client::Client;
use crate::model::event::EventKind;
use crate::model::id::UserId;
use crate::model::mail::{Message, format_time};
use crate::store::{sessions, users};
use crate::telemetry::{self, Ended};

/// Deletes everything that is stored about the account, as if its owner had, and mails the same notice.
pub async fn delete_user(app: &App, operator: &Operator, id: UserId) -> Result<(), ClaimError> {
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    let user = claim_user(&mut tx, operator, id).await?;
    let ended = sessions::end_all_of_user(&mut tx, id, now).await?;
    users::delete(&mut tx, id).await?;
    record_deletion(&mut tx, &operator.event(EventKind::AccountDeleted, Some(id), now)).await?;
    let owner = Owner {
        email: &user.email,
        email_verified: user.email_verified_at.is_some(),
    };
    let message = Message::AccountDeleted { at: format_time(now) };
    notify(app, &mut tx, owner, &Client::new(None, None, None), message, now).await?;
    tx.commit().await?;
    telemetry::sessions_ended(Ended::AccountDeleted, ended);
    Ok(())
}
