//! `/api/admin/instance`: how the instance that answers is.

use poem::Request;
use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{Object, OpenApi};

use super::arrival::AdminArrival;
use super::guard::AdminReader;
use crate::api::error::ApiError;
use crate::api::example;
use crate::api::formats::Nullable;
use crate::api::layers::client::ClientAddress;
use crate::api::tag::Tag;
use crate::api::time::Time;
use crate::app::App;
use crate::flows::admin::show_instance::{Instance, Pool, show_instance};
use crate::flows::operator::check_readiness::check_readiness;
use crate::model::client::Client;
use crate::model::unavailable::Unavailable;

pub struct AdminInstanceApi {
    pub app: App,
    /// How to find a client's address behind proxies.
    pub address: ClientAddress,
}

/// How one instance of the service is.
#[derive(Debug, Object)]
#[oai(example)]
pub struct AdminInstance {
    version: String,
    started_at: Time,
    /// The database: `sqlite` or `postgres`.
    database: String,
    /// `ok`, `degraded` while a background task fails, or `unavailable` while the instance can't serve: it is about to
    /// stop, can't write to the database, or the database lacks its migrations.
    status: String,
    /// The background tasks that fail now, such as `mail`.
    failing: Vec<String>,
    /// How the connections to the database are used, by pool.
    connections: Vec<AdminConnections>,
    /// Passwords that are hashed now or wait for it.
    hashing: u64,
    /// The most that may be.
    hashing_most: u64,
    /// Mails that wait to be sent, counted up to 10,000. All instances share them.
    waiting_mails: i64,
    /// When the oldest of them was written; null if none waits.
    oldest_mail_at: Nullable<Time>,
    arrival: AdminArrival,
}

/// A pool of connections to the database.
#[derive(Debug, Object)]
pub struct AdminConnections {
    /// `read` and `write` with SQLite, `all` with PostgreSQL.
    pool: String,
    in_use: u64,
    most: u64,
}

#[OpenApi(tag = "Tag::Admin")]
impl AdminInstanceApi {
    /// Look at the instance that answers
    ///
    /// Returns its version, since when it runs, whether it can serve, and how full its queues and its connections to
    /// the database are, and how your request reached it: with `arrival` you see whether proxies in front are set up
    /// right. Behind a load balancer the next request may reach another instance.
    ///
    /// Answers 503 `unavailable` while the instance can't read the database: it can't find out then that you are an
    /// operator.
    #[oai(path = "/api/admin/instance", method = "get", operation_id = "adminGetInstance")]
    async fn get_instance(
        &self,
        _operator: AdminReader,
        client: Client,
        request: &Request,
    ) -> Result<Json<AdminInstance>, ApiError> {
        let failing: Vec<_> = self.app.background.failing();
        let status = match check_readiness(&self.app).await {
            Ok(()) if failing.is_empty() => "ok",
            Ok(()) => "degraded",
            Err(error) if Unavailable::is_in(&error) => "unavailable",
            Err(error) => return Err(error.into()),
        };
        let failing = failing.iter().map(|task| task.name()).collect();
        let arrival = AdminArrival::of(&self.address, &client, request);
        let instance = show_instance(&self.app).await?;
        Ok(Json(AdminInstance::of(&instance, status, failing, arrival)))
    }
}

impl AdminInstance {
    fn of(instance: &Instance, status: &str, failing: Vec<String>, arrival: AdminArrival) -> Self {
        let (taken, most) = instance.hashing;
        let database = if instance.is_postgres { "postgres" } else { "sqlite" };
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: Time(instance.started_at),
            database: database.to_owned(),
            status: status.to_owned(),
            failing,
            connections: instance.pools.iter().map(AdminConnections::of).collect(),
            hashing: taken as u64,
            hashing_most: most as u64,
            waiting_mails: instance.waiting_mails,
            oldest_mail_at: Nullable(instance.oldest_mail_at.map(Time)),
            arrival,
        }
    }
}

impl AdminConnections {
    fn of(pool: &Pool) -> Self {
        Self {
            pool: pool.name.to_owned(),
            in_use: pool.in_use as u64,
            most: pool.most as u64,
        }
    }
}

impl Example for AdminInstance {
    fn example() -> Self {
        Self {
            version: "0.1.0".to_owned(),
            started_at: Time(example::signed_in().created_at),
            database: "postgres".to_owned(),
            status: "degraded".to_owned(),
            failing: vec!["mail".to_owned()],
            connections: vec![AdminConnections {
                pool: "all".to_owned(),
                in_use: 3,
                most: 20,
            }],
            hashing: 4,
            hashing_most: 256,
            waiting_mails: 12,
            oldest_mail_at: Nullable(Some(Time(example::signed_in().created_at))),
            arrival: AdminArrival::example(),
        }
    }
}
