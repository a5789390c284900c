//! How traces reach the collector. For each variable of the specification there is one for traces alone, which counts
//! before the general one.

use std::ops::RangeInclusive;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use clap::Args;
use poem::http::{HeaderName, HeaderValue};
use url::Url;

use super::pairs;
use crate::app::collector::{Compression, Headers};
use crate::config::values::{Secret, web_url};

/// Milliseconds that a collector may be given for a batch, and what it gets unless another number is set.
const TIMEOUTS: RangeInclusive<u64> = 1..=60_000;
const DEFAULT_TIMEOUT: u64 = 10_000;

#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Traces")]
pub struct ExporterSettings {
    /// Switches traces off whatever else is set: `true` or `false` [default: false]
    #[arg(long, env = "OTEL_SDK_DISABLED", global = true)]
    pub otel_sdk_disabled: Option<String>,
    /// OpenTelemetry collector that takes http/protobuf, such as `http://127.0.0.1:4318`: traces go to `/v1/traces`
    /// below it [default: none, and no traces]
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", global = true)]
    pub otlp_endpoint: Option<String>,
    /// The same for traces alone: the whole address, to which nothing is added [default: none]
    #[arg(long, env = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", global = true)]
    pub otlp_traces_endpoint: Option<String>,
    /// Headers for the collector, as in `authorization=Bearer%20secret`, separated by commas [default: none]
    #[arg(long, env = "OTEL_EXPORTER_OTLP_HEADERS", hide_env_values = true, global = true)]
    pub otlp_headers: Option<Secret>,
    /// Headers for the collector of traces, in place of those [default: none]
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
        hide_env_values = true,
        global = true
    )]
    pub otlp_traces_headers: Option<Secret>,
    /// Milliseconds that the collector may take for a batch; 1 to 60000 [default: 10000]
    #[arg(long, env = "OTEL_EXPORTER_OTLP_TIMEOUT", global = true)]
    pub otlp_timeout: Option<String>,
    /// The same for the collector of traces [default: none]
    #[arg(long, env = "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", global = true)]
    pub otlp_traces_timeout: Option<String>,
    /// How batches are compressed: `gzip` or `none` [default: none]
    #[arg(long, env = "OTEL_EXPORTER_OTLP_COMPRESSION", global = true)]
    pub otlp_compression: Option<String>,
    /// The same for the collector of traces [default: none]
    #[arg(long, env = "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", global = true)]
    pub otlp_traces_compression: Option<String>,
    /// The protocol, which can only be `http/protobuf`; another one stops the start [default: http/protobuf]
    #[arg(long, env = "OTEL_EXPORTER_OTLP_PROTOCOL", global = true)]
    pub otlp_protocol: Option<String>,
    /// The same for the collector of traces [default: none]
    #[arg(long, env = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", global = true)]
    pub otlp_traces_protocol: Option<String>,
}

/// A value, and the variable that it comes from.
type Given<'s> = Option<(String, &'s str)>;

fn given<'s>(option: &str, of_traces: Option<&'s str>, general: Option<&'s str>) -> Given<'s> {
    let of_traces = of_traces.map(|value| (format!("OTEL_EXPORTER_OTLP_TRACES_{option}"), value.trim()));
    of_traces.or_else(|| general.map(|value| (format!("OTEL_EXPORTER_OTLP_{option}"), value.trim())))
}

impl ExporterSettings {
    /// The address of the collector; `None` if there is none, or traces are switched off.
    pub fn endpoint(&self) -> anyhow::Result<Option<Url>> {
        let disabled = self.otel_sdk_disabled.as_deref().unwrap_or("false").trim();
        if disabled.eq_ignore_ascii_case("true") {
            return Ok(None);
        }
        let of_traces = self.otlp_traces_endpoint.as_deref();
        let Some((variable, address)) = given("ENDPOINT", of_traces, self.otlp_endpoint.as_deref()) else {
            return Ok(None);
        };
        ensure!(
            disabled.eq_ignore_ascii_case("false"),
            "OTEL_SDK_DISABLED must be true or false"
        );
        let mut url = web_url(address).ok().with_context(|| {
            format!("{variable} must be an address with http or https, as in http://127.0.0.1:4318")
        })?;
        if of_traces.is_none() {
            url.set_path(&format!("{}/v1/traces", url.path().trim_end_matches('/')));
        }
        Ok(Some(url))
    }

    /// The headers that each request to the collector has.
    pub fn headers(&self) -> anyhow::Result<Headers> {
        let of_traces = self.otlp_traces_headers.as_ref().map(|headers| headers.0.as_str());
        let general = self.otlp_headers.as_ref().map(|headers| headers.0.as_str());
        let Some((variable, headers)) = given("HEADERS", of_traces, general) else {
            return Ok(Headers(Vec::new()));
        };
        let headers = pairs(headers).filter(|headers| headers.iter().all(can_be_a_header));
        Ok(Headers(headers.with_context(|| {
            format!("{variable} must be names and values of headers, as in `x-key=value,x-other=value`")
        })?))
    }

    /// How long the collector may take for a batch.
    pub fn timeout(&self) -> anyhow::Result<Duration> {
        let of_traces = self.otlp_traces_timeout.as_deref();
        let Some((variable, timeout)) = given("TIMEOUT", of_traces, self.otlp_timeout.as_deref()) else {
            return Ok(Duration::from_millis(DEFAULT_TIMEOUT));
        };
        let timeout = timeout.parse().ok().filter(|timeout| TIMEOUTS.contains(timeout));
        let timeout = timeout.with_context(|| {
            let (least, most) = TIMEOUTS.into_inner();
            format!("{variable} must be a number of milliseconds from {least} to {most}")
        })?;
        Ok(Duration::from_millis(timeout))
    }

    /// How batches are compressed.
    pub fn compression(&self) -> anyhow::Result<Compression> {
        let of_traces = self.otlp_traces_compression.as_deref();
        match given("COMPRESSION", of_traces, self.otlp_compression.as_deref()) {
            None | Some((_, "none")) => Ok(Compression::None),
            Some((_, "gzip")) => Ok(Compression::Gzip),
            Some((variable, _)) => bail!("{variable} must be gzip or none"),
        }
    }

    /// Fails for another protocol than the one that we speak: a collector that expects it would take no traces.
    pub fn check_protocol(&self) -> anyhow::Result<()> {
        let of_traces = self.otlp_traces_protocol.as_deref();
        if let Some((variable, protocol)) = given("PROTOCOL", of_traces, self.otlp_protocol.as_deref()) {
            ensure!(
                protocol == "http/protobuf",
                "{variable} must be http/protobuf, which collectors take on port 4318"
            );
        }
        Ok(())
    }
}

fn can_be_a_header((name, value): &(String, String)) -> bool {
    name.parse::<HeaderName>().is_ok() && HeaderValue::from_str(value).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(change: impl FnOnce(&mut ExporterSettings)) -> ExporterSettings {
        let mut settings = ExporterSettings::default();
        change(&mut settings);
        settings
    }

    fn from<T: From<String>>(text: &str) -> T {
        T::from(text.to_owned())
    }

    #[test]
    fn the_general_address_gets_a_path_and_the_one_of_traces_is_used_as_it_is() {
        let endpoint = |general: Option<&str>, of_traces: Option<&str>| {
            let settings = settings(|settings| {
                settings.otlp_endpoint = general.map(str::to_owned);
                settings.otlp_traces_endpoint = of_traces.map(str::to_owned);
            });
            settings.endpoint().unwrap().map(String::from)
        };
        let local = "http://127.0.0.1:4318";
        assert_eq!(endpoint(None, None), None);
        assert_eq!(
            endpoint(Some(local), None),
            Some(from("http://127.0.0.1:4318/v1/traces"))
        );
        assert_eq!(
            endpoint(Some("http://127.0.0.1:4318/base/"), None),
            Some(from("http://127.0.0.1:4318/base/v1/traces"))
        );
        for (of_traces, used) in [
            ("https://x.example/api/traces/", "https://x.example/api/traces/"),
            ("https://x.example", "https://x.example/"),
        ] {
            assert_eq!(endpoint(Some(local), Some(of_traces)), Some(from(used)));
            assert_eq!(endpoint(None, Some(of_traces)), Some(from(used)));
        }
    }

    #[test]
    fn where_traces_are_disabled_no_address_is_looked_at() {
        let endpoint = |disabled: &str, address: &str| {
            let settings = settings(|settings| {
                settings.otel_sdk_disabled = Some(from(disabled));
                settings.otlp_endpoint = Some(from(address));
            });
            let endpoint = settings.endpoint().map_err(|error| error.to_string())?;
            Ok::<_, String>(endpoint.is_some())
        };
        for disabled in ["true", "TRUE", " True "] {
            assert_eq!(endpoint(disabled, "no address"), Ok(false), "{disabled}");
        }
        assert_eq!(endpoint("False", "http://127.0.0.1:4318"), Ok(true));
        for unclear in ["1", "yes", "on"] {
            let error = "OTEL_SDK_DISABLED must be true or false".to_owned();
            assert_eq!(endpoint(unclear, "http://127.0.0.1:4318"), Err(error), "{unclear}");
        }
    }

    #[test]
    fn what_is_set_for_traces_counts_before_what_is_set_for_all() {
        let settings = settings(|settings| {
            settings.otlp_headers = Some(from("x-a=1,x-b=2"));
            settings.otlp_traces_headers = Some(from("x-a=3"));
            settings.otlp_timeout = Some(from("of another program"));
            settings.otlp_traces_timeout = Some(from(" 2500 "));
            settings.otlp_compression = Some(from("zstd"));
            settings.otlp_traces_compression = Some(from("gzip"));
            settings.otlp_protocol = Some(from("grpc"));
            settings.otlp_traces_protocol = Some(from("http/protobuf"));
        });
        assert_eq!(settings.headers().unwrap().0, [("x-a".to_owned(), "3".to_owned())]);
        assert_eq!(settings.timeout().unwrap(), Duration::from_millis(2500));
        assert_eq!(settings.compression().unwrap(), Compression::Gzip);
        settings.check_protocol().unwrap();
    }

    #[test]
    fn a_time_is_a_number_of_milliseconds_within_bounds() {
        let timeout = |value: &str| {
            settings(|settings| settings.otlp_timeout = Some(from(value)))
                .timeout()
                .ok()
        };
        assert_eq!(timeout("1"), Some(Duration::from_millis(1)));
        assert_eq!(timeout("60000"), Some(Duration::from_mins(1)));
        for unusable in ["0", "60001", "10s", "-1", "1.5"] {
            assert_eq!(timeout(unusable), None, "{unusable}");
        }
    }

    #[test]
    fn what_is_no_list_of_headers_stops_the_start_and_is_not_repeated() {
        for headers in ["secret", "=secret", "a b=secret", "a=secret%0d%0a"] {
            let settings = settings(|settings| settings.otlp_headers = Some(from(headers)));
            let error = format!("{:#}", settings.headers().unwrap_err());
            assert!(error.starts_with("OTEL_EXPORTER_OTLP_HEADERS"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
