//! Traces for an OpenTelemetry collector. The variables have the names that the OpenTelemetry specification gives them.

mod exporter;

use anyhow::Context;
use clap::Args;
use percent_encoding::percent_decode_str;

use crate::app::collector::CollectorSetup;
use crate::app::outbound::OutboundSetup;
use crate::telemetry::{Sampling, TracesSetup};
use exporter::ExporterSettings;

#[derive(Debug, Args)]
#[command(next_help_heading = "Traces")]
pub struct TraceSettings {
    #[command(flatten)]
    exporter: ExporterSettings,
    /// Name of the service in its traces [default: neptun-auth]
    #[arg(long, env = "OTEL_SERVICE_NAME", global = true)]
    otel_service_name: Option<String>,
    /// Attributes of the service in its traces, as in `deployment.environment.name=production`, separated by commas
    /// [default: none]
    #[arg(long, env = "OTEL_RESOURCE_ATTRIBUTES", global = true)]
    otel_resource_attributes: Option<String>,
    /// Which requests are traced: `always_on`, `always_off`, `traceidratio`, or these after `parentbased_`, where a
    /// `traceparent` of a trusted proxy decides first
    #[arg(
        long,
        env = "OTEL_TRACES_SAMPLER",
        default_value = "parentbased_always_on",
        global = true
    )]
    otel_traces_sampler: String,
    /// Share of the requests that `traceidratio` traces; 0 to 1
    #[arg(long, env = "OTEL_TRACES_SAMPLER_ARG", default_value = "1", global = true)]
    otel_traces_sampler_arg: String,
}

impl TraceSettings {
    /// Where traces go; `None` if nowhere. Settings without a use are not looked at, because they may be there for
    /// every program of a machine.
    ///
    /// # Errors
    /// When one of them can't work.
    pub fn setup(&self, outbound: OutboundSetup) -> anyhow::Result<Option<CollectorSetup>> {
        let Some(url) = self.exporter.endpoint()? else {
            return Ok(None);
        };
        self.exporter.check_protocol()?;
        Ok(Some(CollectorSetup {
            url,
            headers: self.exporter.headers()?,
            timeout: self.exporter.timeout()?,
            compression: self.exporter.compression()?,
            outbound,
            traces: TracesSetup {
                attributes: self.attributes()?,
                sampler: self.sampler()?,
            },
        }))
    }

    fn attributes(&self) -> anyhow::Result<Vec<(String, String)>> {
        let own = [
            ("service.name", "neptun-auth"),
            ("service.version", env!("CARGO_PKG_VERSION")),
        ];
        let mut attributes = own.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let given = pairs(self.otel_resource_attributes.as_deref().unwrap_or_default());
        attributes.extend(given.context("OTEL_RESOURCE_ATTRIBUTES must be names and values, as in `team=a,zone=b`")?);
        let name = self.otel_service_name.iter();
        attributes.extend(name.map(|name| ("service.name".to_owned(), name.trim().to_owned())));
        Ok(attributes)
    }

    fn sampler(&self) -> anyhow::Result<Sampling> {
        let name = self.otel_traces_sampler.trim();
        let own = name.strip_prefix("parentbased_");
        let ratio = match own.unwrap_or(name) {
            "always_on" => Some(1.0),
            "always_off" => Some(0.0),
            "traceidratio" => self.otel_traces_sampler_arg.trim().parse().ok(),
            _ => None,
        };
        let ratio = ratio.filter(|ratio| (0.0..=1.0).contains(ratio)).context(
            "OTEL_TRACES_SAMPLER must be always_on, always_off or traceidratio, also after parentbased_, and \
             OTEL_TRACES_SAMPLER_ARG a number from 0 to 1",
        )?;
        Ok(Sampling {
            follows_parent: own.is_some(),
            ratio,
        })
    }
}

/// Names and values as the specification writes them: `name=value,name=value`, the values percent-encoded.
fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
        let name = name.trim();
        (!name.is_empty()).then(|| (name.to_owned(), value.into_owned()))
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::app::collector::Compression;
    use crate::config::values::Secret;

    fn settings(change: impl FnOnce(&mut TraceSettings)) -> anyhow::Result<Option<CollectorSetup>> {
        let mut settings = TraceSettings {
            exporter: ExporterSettings {
                otlp_endpoint: Some("http://127.0.0.1:4318".to_owned()),
                ..ExporterSettings::default()
            },
            otel_service_name: None,
            otel_resource_attributes: None,
            otel_traces_sampler: "parentbased_always_on".to_owned(),
            otel_traces_sampler_arg: "1".to_owned(),
        };
        change(&mut settings);
        settings.setup(OutboundSetup::default())
    }

    #[test]
    fn without_an_endpoint_nothing_else_is_looked_at() {
        let setup = settings(|settings| {
            settings.exporter = ExporterSettings {
                otel_sdk_disabled: Some("of another program".to_owned()),
                otlp_protocol: Some("grpc".to_owned()),
                ..ExporterSettings::default()
            };
            settings.otel_traces_sampler = "jaeger_remote".to_owned();
        });
        assert!(setup.unwrap().is_none());
    }

    #[test]
    fn the_settings_mean_what_the_specification_says() {
        let setup = settings(|settings| {
            let headers = "authorization=Bearer%20secret, x-a=b=c".to_owned();
            settings.exporter.otlp_headers = Some(Secret::from(headers));
            settings.otel_resource_attributes = Some("service.name=other,zone=a%2Cb".to_owned());
            settings.otel_service_name = Some("accounts".to_owned());
        });
        let setup = setup.unwrap().unwrap();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            setup.headers.0,
            [pair("authorization", "Bearer secret"), pair("x-a", "b=c")]
        );
        assert!(!format!("{setup:?}").contains("secret"));
        assert_eq!(setup.timeout, Duration::from_secs(10));
        assert_eq!(setup.compression, Compression::None);
        let named: Vec<_> = setup.traces.attributes[2..].to_vec();
        assert_eq!(
            named,
            [
                pair("service.name", "other"),
                pair("zone", "a,b"),
                pair("service.name", "accounts")
            ]
        );
    }

    #[test]
    fn a_sampler_is_one_of_six_and_its_share_from_0_to_1() {
        let sampler = |name: &str, share: &str| {
            let setup = settings(|settings| {
                settings.otel_traces_sampler = name.to_owned();
                settings.otel_traces_sampler_arg = share.to_owned();
            });
            let sampler = setup.ok().flatten()?.traces.sampler;
            Some((sampler.follows_parent, sampler.ratio))
        };
        assert_eq!(sampler("parentbased_always_on", "1"), Some((true, 1.0)));
        assert_eq!(sampler("parentbased_always_off", "1"), Some((true, 0.0)));
        assert_eq!(sampler("parentbased_traceidratio", "0.25"), Some((true, 0.25)));
        assert_eq!(sampler("always_on", "x"), Some((false, 1.0)));
        assert_eq!(sampler("always_off", ""), Some((false, 0.0)));
        assert_eq!(sampler("traceidratio", "0"), Some((false, 0.0)));
        for (name, share) in [
            ("traceidratio", "1.5"),
            ("traceidratio", "x"),
            ("jaeger_remote", "1"),
            ("", "1"),
        ] {
            assert_eq!(sampler(name, share), None, "{name} {share}");
        }
    }
}
