//! A browser sets out to a provider.

use crate::app::App;
use crate::app::providers::Provider;
use crate::model::identity::ceremony::Link;

/// Where the browser goes, and what it carries.
#[derive(Debug)]
pub struct Begun {
    /// The address at the provider.
    pub url: String,
    /// The value of the ceremony's cookie.
    pub cookie: String,
}

/// Begins a ceremony with `provider` that leads to `return_to`: a log-in, or with a `link` the linking of an identity.
/// Stores nothing.
///
/// # Errors
/// When the provider does not say where its log-in is. The text is for the operator.
pub async fn begin_log_in(
    app: &App,
    provider: &Provider,
    return_to: String,
    link: Option<Link>,
) -> anyhow::Result<Begun> {
    let now = app.clock.now();
    let (ceremony, cookie) = app.providers.ceremonies.begin(provider.id(), return_to, link, now)?;
    let url = app.providers.start(provider, &ceremony, &app.clock).await?;
    Ok(Begun {
        url: url.into(),
        cookie,
    })
}
