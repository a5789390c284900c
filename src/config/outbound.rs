//! Outgoing connections: which addresses the service may call, and whose certificates it trusts.

use clap::Args;
use ipnet::IpNet;

use super::values::{FilePath, List, all, list, network};
use crate::app::outbound::OutboundSetup;

#[derive(Debug, Args)]
#[command(next_help_heading = "Outgoing connections")]
pub struct OutboundSettings {
    /// Networks that the service may call besides public addresses, separated by commas: a provider or a webhook inside
    /// your network, `64:ff9b::/96` behind NAT64; http is allowed to listed loopback addresses only [default: none]
    #[arg(long, env = "NEPTUN_AUTH_OUTBOUND_NETWORKS", value_parser = networks, global = true)]
    outbound_networks: Vec<List<IpNet>>,
    /// PEM file with authorities whose certificates outgoing connections trust besides the public ones [default: none]
    #[arg(long, env = "NEPTUN_AUTH_OUTBOUND_CA_FILE", global = true)]
    outbound_ca_file: Option<FilePath>,
}

fn networks(text: &str) -> Result<List<IpNet>, String> {
    list(text, network)
}

impl OutboundSettings {
    /// Where the service may connect to by itself.
    #[must_use]
    pub fn setup(&self) -> OutboundSetup {
        OutboundSetup {
            networks: all(&self.outbound_networks),
            ca_file: self.outbound_ca_file.as_deref().map(ToOwned::to_owned),
        }
    }
}
