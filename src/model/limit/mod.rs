//! What is limited, and what each limit counts for.

pub mod attempt;
pub mod rate;
pub mod throttled;

use super::client::Client;
use super::client::network::Network;
use super::device::Familiarity;
use super::id::UserId;
use rate::Rate;
use uuid::Uuid;

/// What costs the service something or helps an attacker; each has a limit of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    SignUp,
    /// Asking whether an address or a user name is taken, as a sign-up form does before it is complete.
    FindTaken,
    /// Checking a password or a code.
    Check,
    /// Setting out to another provider.
    SetOut,
    /// Presenting a key for the admin API that is none.
    GuessKey,
    Refresh,
    /// Causing a mail to be sent.
    Mail,
}

/// How often each thing may be done.
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    /// Sign-ups from one network.
    pub sign_up: Rate,
    /// Passwords and codes checked for one network, or for one device that the account knows. Log-ins with providers
    /// that begin there are counted apart, and so are texts that are no key for the admin API.
    pub log_in: Rate,
    /// Refresh tokens exchanged by one session.
    pub refresh: Rate,
    /// Mails that requests from one network cause.
    pub mail: Rate,
    /// Mails to one address.
    pub mail_to: Rate,
    /// Failed attempts on one account from one place.
    pub failures: Rate,
}

impl Rates {
    /// All networks together may do something this many times as often as one.
    pub const ALL_NETWORKS_FACTOR: u32 = 100;

    /// All networks of one IPv6 customer together may do something this many times as often as one.
    pub const SITE_FACTOR: u32 = 10;

    /// How often one network may do `operation`, and the name of that limit.
    #[must_use]
    pub fn of(&self, operation: Operation) -> (&'static str, Rate) {
        match operation {
            Operation::SignUp | Operation::FindTaken => ("sign-up", self.sign_up),
            Operation::Check | Operation::SetOut | Operation::GuessKey => ("log-in", self.log_in),
            Operation::Refresh => ("refresh", self.refresh),
            Operation::Mail => ("mail", self.mail),
        }
    }
}

/// The place that an attempt on an account comes from. Each place has a budget of failures of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A device that has logged in to the account before.
    Device(Uuid),
    /// A network that has had a log-in to the account lately.
    Network(Network),
    /// Anywhere else.
    Strangers,
}

impl Place {
    /// The place that a request of `client` comes from, as the account of `user` sees it. An identifier without an
    /// account knows no place.
    #[must_use]
    pub fn of(client: &Client, user: Option<UserId>, familiarity: Familiarity) -> Self {
        let known_device = client
            .device
            .filter(|device| user.is_some_and(|user| device.is_known_to(user, familiarity.device_generation)))
            .map(|device| Self::Device(device.id));
        let known_network = client.provider_range().filter(|_| familiarity.knows_network);
        known_device
            .or(known_network.map(Self::Network))
            .unwrap_or(Self::Strangers)
    }

    #[must_use]
    pub fn is_known(&self) -> bool {
        *self != Self::Strangers
    }

    /// The name under which failures are counted.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Device(id) => format!("device {id}"),
            Self::Network(network) => format!("network {network}"),
            Self::Strangers => "strangers".to_owned(),
        }
    }
}
