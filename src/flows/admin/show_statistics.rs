//! An operator looks at the numbers about the service.

use std::collections::HashMap;

use chrono::{DateTime, Days, NaiveTime, Utc};

use crate::app::App;
use crate::model::event::EventKind;
use crate::model::statistics::{DAYS, DayCount, Statistics};
use crate::store::{events, sessions, users};

/// The numbers of now, of at most a minute ago, or where counting takes long those of the worker's last round.
pub async fn show_statistics(app: &App) -> anyhow::Result<Statistics> {
    let now = app.clock.now();
    app.statistics.of(now, count(app, now)).await
}

/// Counts for the requests to come, where that takes too long for them to wait.
pub async fn renew_statistics(app: &App) -> anyhow::Result<()> {
    let now = app.clock.now();
    app.statistics.renew(now, count(app, now)).await
}

async fn count(app: &App, now: DateTime<Utc>) -> anyhow::Result<Statistics> {
    let days: Vec<_> = (0..DAYS)
        .filter_map(|back| now.date_naive().checked_sub_days(Days::new(back.into())))
        .collect();
    let first = days.last().map_or(now, |day| day.and_time(NaiveTime::MIN).and_utc());
    let mut read = app.db.read().await?;
    let counted = events::by_day(read.conn(), first).await?;
    let counted: HashMap<_, _> = counted
        .into_iter()
        .map(|(day, kind, number)| ((day, kind), number))
        .collect();
    let number = |day: &str, kind: EventKind| {
        let found = counted.get(&(day.to_owned(), kind.name().to_owned()));
        found.copied().unwrap_or_default()
    };
    Ok(Statistics {
        counted_at: now,
        accounts: users::count(read.conn()).await?,
        live_sessions: sessions::count_alive(read.conn(), now).await?,
        days: days
            .iter()
            .map(|day| {
                let day = day.to_string();
                DayCount {
                    sign_ups: number(&day, EventKind::SignUp),
                    log_ins: number(&day, EventKind::LogIn),
                    day,
                }
            })
            .collect(),
    })
}
