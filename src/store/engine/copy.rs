//! Copies a SQLite database into PostgreSQL, whatever its tables are: the types of PostgreSQL's columns decide how
//! values are read.

use anyhow::{Context, bail, ensure};
use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use sqlx::sqlite::SqliteRow;
use sqlx::{Postgres, QueryBuilder, Row, Sqlite, SqliteConnection};
use uuid::Uuid;

use super::pool::CheckedOut;
use super::{Database, Db};

/// Number of rows in one statement. A statement of PostgreSQL has room for 65,535 values.
const ROWS: usize = 500;
/// Tables that are each database's own.
const OWN: [&str; 2] = ["_sqlx_migrations", "probes"];

#[derive(Debug, Clone, Copy)]
enum Kind {
    Uuid,
    Time,
    Bytes,
    Text,
    Integer,
    Boolean,
}

struct Column {
    name: String,
    kind: Kind,
}

/// One value, or none of its kind.
enum Cell {
    Uuid(Option<Uuid>),
    Time(Option<DateTime<Utc>>),
    Bytes(Option<Vec<u8>>),
    Text(Option<String>),
    Integer(Option<i64>),
    Boolean(Option<bool>),
}

impl Db {
    /// Copies all rows into `target`, which must be empty, in one transaction there. No other process writes to this
    /// database until that is done. Returns the number of rows of each table.
    ///
    /// # Errors
    /// A sentence for the operator; nothing was copied then.
    pub async fn copy_to(
        &self,
        target: &Self,
        progress: &mut dyn FnMut(&str, u64),
    ) -> anyhow::Result<Vec<(String, u64)>> {
        let (mut from, mut to) = (self.write().await?, target.write().await?);
        let mut copied = Vec::new();
        {
            let (Database::Sqlite(source), Database::Postgres(sink)) = (from.conn().database, to.conn().database)
            else {
                bail!(
                    "`copy` goes from SQLite to PostgreSQL: DATABASE_URL must start with `sqlite:`, and --to with \
                     `postgres://`"
                );
            };
            let tables = tables(source).await?;
            for table in &tables {
                ensure_empty(sink, table).await?;
            }
            for table in tables {
                let subject = || format!("copying the table {table}");
                let rows = copy_table(source, sink, &table, progress).await.with_context(subject)?;
                copied.push((table, rows));
            }
            copy_counters(source, sink)
                .await
                .context("copying the counters of numbers")?;
        }
        to.commit().await?;
        drop(from);
        Ok(copied)
    }
}

/// The tables in the order in which they were made: a table refers to earlier ones only.
async fn tables(source: &mut SqliteConnection) -> anyhow::Result<Vec<String>> {
    const SQL: &str = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' \
        ORDER BY rowid";
    let mut names: Vec<String> = sqlx::query_scalar(SQL).fetch_all(source).await?;
    names.retain(|name| !OWN.contains(&name.as_str()));
    Ok(names)
}

async fn ensure_empty(sink: &mut CheckedOut<Postgres>, table: &str) -> anyhow::Result<()> {
    let mut sql = QueryBuilder::<Postgres>::new("SELECT EXISTS (SELECT 1 FROM ");
    sql.push(quoted(table)).push(")");
    let has_rows: bool = sql.build_query_scalar().fetch_one(sink).await?;
    ensure!(
        !has_rows,
        "the target's table {table} has rows already: copy into an empty database, before a service was started on it"
    );
    Ok(())
}

/// The columns of PostgreSQL's table that SQLite's has too. What only PostgreSQL has gets its default.
async fn columns(
    source: &mut SqliteConnection,
    sink: &mut CheckedOut<Postgres>,
    table: &str,
) -> anyhow::Result<Vec<Column>> {
    const SQLITE: &str = "SELECT name FROM pragma_table_info($1)";
    const POSTGRES: &str = "SELECT column_name::text, udt_name::text FROM information_schema.columns \
        WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position";
    let ours: Vec<String> = sqlx::query_scalar(SQLITE).bind(table).fetch_all(source).await?;
    let theirs: Vec<(String, String)> = sqlx::query_as(POSTGRES).bind(table).fetch_all(sink).await?;
    for name in &ours {
        ensure!(
            theirs.iter().any(|(other, _)| other == name),
            "PostgreSQL has no column {name}"
        );
    }
    let shared = theirs.into_iter().filter(|(name, _)| ours.contains(name));
    let columns = shared.map(|(name, kind)| {
        let kind = match kind.as_str() {
            "uuid" => Kind::Uuid,
            "timestamptz" => Kind::Time,
            "bytea" => Kind::Bytes,
            "text" => Kind::Text,
            "int8" => Kind::Integer,
            "bool" => Kind::Boolean,
            other => bail!("the column {name} has the unknown type {other}"),
        };
        Ok(Column { name, kind })
    });
    columns.collect()
}

async fn copy_table(
    source: &mut SqliteConnection,
    sink: &mut CheckedOut<Postgres>,
    table: &str,
    progress: &mut dyn FnMut(&str, u64),
) -> anyhow::Result<u64> {
    let columns = columns(source, sink, table).await?;
    let names: Vec<_> = columns.iter().map(|column| quoted(&column.name)).collect();
    let names = names.join(", ");
    let mut select = QueryBuilder::<Sqlite>::new("SELECT ");
    select.push(&names).push(" FROM ").push(quoted(table));
    let query = select.build();
    let mut rows = query.fetch(source);
    let (mut batch, mut copied) = (Vec::with_capacity(ROWS), 0);
    loop {
        let row = rows.try_next().await?;
        let is_last = row.is_none();
        if let Some(row) = row {
            batch.push(cells(&row, &columns)?);
        }
        if batch.len() == ROWS || (is_last && !batch.is_empty()) {
            copied += insert(sink, table, &names, std::mem::take(&mut batch)).await?;
            progress(table, copied);
        }
        if is_last {
            return Ok(copied);
        }
    }
}

fn cells(row: &SqliteRow, columns: &[Column]) -> sqlx::Result<Vec<Cell>> {
    let cell = |(at, column): (usize, &Column)| {
        Ok(match column.kind {
            Kind::Uuid => Cell::Uuid(row.try_get(at)?),
            Kind::Time => Cell::Time(row.try_get(at)?),
            Kind::Bytes => Cell::Bytes(row.try_get(at)?),
            Kind::Text => Cell::Text(row.try_get(at)?),
            Kind::Integer => Cell::Integer(row.try_get(at)?),
            Kind::Boolean => Cell::Boolean(row.try_get(at)?),
        })
    };
    columns.iter().enumerate().map(cell).collect()
}

async fn insert(
    sink: &mut CheckedOut<Postgres>,
    table: &str,
    names: &str,
    batch: Vec<Vec<Cell>>,
) -> anyhow::Result<u64> {
    let expected = batch.len();
    let mut sql = QueryBuilder::<Postgres>::new("INSERT INTO ");
    // The numbers of accounts stay what they were.
    sql.push(quoted(table))
        .push(" (")
        .push(names)
        .push(") OVERRIDING SYSTEM VALUE ");
    sql.push_values(batch, |mut values, cells| {
        for cell in cells {
            match cell {
                Cell::Uuid(value) => values.push_bind(value),
                Cell::Time(value) => values.push_bind(value),
                Cell::Bytes(value) => values.push_bind(value),
                Cell::Text(value) => values.push_bind(value),
                Cell::Integer(value) => values.push_bind(value),
                Cell::Boolean(value) => values.push_bind(value),
            };
        }
    });
    let inserted = sql.build().execute(sink).await?.rows_affected();
    ensure!(
        usize::try_from(inserted)? == expected,
        "PostgreSQL took {inserted} of {expected} rows"
    );
    Ok(inserted)
}

/// Goes on counting where SQLite stopped, so that the number of a deleted account is not given again.
async fn copy_counters(source: &mut SqliteConnection, sink: &mut CheckedOut<Postgres>) -> anyhow::Result<()> {
    const COLUMN: &str = "SELECT column_name::text FROM information_schema.columns \
        WHERE table_schema = current_schema() AND table_name = $1 AND is_identity = 'YES'";
    const SET: &str = "SELECT setval(pg_get_serial_sequence($1, $2), $3)";
    let counters: Vec<(String, i64)> = sqlx::query_as("SELECT name, seq FROM sqlite_sequence WHERE seq > 0")
        .fetch_all(source)
        .await?;
    for (table, last) in counters {
        let column: Option<String> = sqlx::query_scalar(COLUMN)
            .bind(&table)
            .fetch_optional(&mut *sink)
            .await?;
        if let Some(column) = column {
            let query = sqlx::query(SET).bind(quoted(&table)).bind(column).bind(last);
            query.execute(&mut *sink).await?;
        }
    }
    Ok(())
}

/// The name as an identifier of SQL.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
