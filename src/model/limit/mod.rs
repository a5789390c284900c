//! What is limited, and for whom it is counted.

pub mod attempt;
pub mod rate;
pub mod throttled;

use super::client::network::Network;
use super::device::Device;
use super::id::UserId;
use rate::Rate;
use uuid::Uuid;

/// What costs the service something or helps an attacker, each with a brake of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    SignUp,
    /// Asking whether an address or a user name is taken, as a sign-up form does before it is complete.
    FindTaken,
    /// Checking a password or a code.
    Check,
    Refresh,
    /// Having a mail sent.
    Mail,
}

/// How often each thing may be done.
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    /// Sign-ups from one network.
    pub sign_up: Rate,
    /// Passwords and codes checked for one network, or for one device that the account knows.
    pub log_in: Rate,
    /// Refresh tokens exchanged by one network.
    pub refresh: Rate,
    /// Mails that one network causes.
    pub mail: Rate,
    /// Mails to one address.
    pub mail_to: Rate,
    /// Failed attempts on one account, of each kind of place.
    pub failures: Rate,
}

impl Rates {
    /// All networks together may do something so many times as often as one.
    pub const NETWORKS: u32 = 100;

    /// All networks of one IPv6 site together.
    pub const OF_A_SITE: u32 = 10;

    /// How often one network may do `operation`, and the name of that limit.
    #[must_use]
    pub fn of(&self, operation: Operation) -> (&'static str, Rate) {
        match operation {
            Operation::SignUp | Operation::FindTaken => ("sign-up", self.sign_up),
            Operation::Check => ("log-in", self.log_in),
            Operation::Refresh => ("refresh", self.refresh),
            Operation::Mail => ("mail", self.mail),
        }
    }
}

/// Where an attempt on an account comes from, as far as that account has to do with it. Failures in one place use up
/// nothing of the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A device that has signed in to the account before.
    Device(Uuid),
    /// A network from which somebody has signed in to the account lately.
    Network(Network),
    /// Anywhere else.
    Strangers,
}

impl Place {
    /// The place of a request that shows `device`, if that device is one of `user`'s.
    #[must_use]
    pub fn of_device(device: Option<Device>, user: UserId) -> Option<Self> {
        device
            .filter(|device| device.user == user)
            .map(|device| Self::Device(device.id))
    }

    /// The name by which failures are counted.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Device(id) => format!("device {id}"),
            Self::Network(network) => format!("network {network}"),
            Self::Strangers => "strangers".to_owned(),
        }
    }
}
