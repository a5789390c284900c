//! The certificate of a running instance, or of the proxy in front of it.

use chrono::{DateTime, Utc};

use crate::app::outbound::{RENEWED_BEFORE, SeenCertificate};
use crate::model::doctor::Finding;

const ID: &str = "live.certificate";

/// Whether browsers accept it, and for how long.
pub fn finding(seen: &SeenCertificate, now: DateTime<Utc>) -> Finding {
    let why = match seen {
        SeenCertificate::Verifies(end) => return valid(*end, now),
        SeenCertificate::Ended(end) => format!("it has ended on {}; renew it", day(*end)),
        SeenCertificate::NotValidYet => "it is not valid yet; is a clock wrong?".to_owned(),
        SeenCertificate::OtherName => "it is for other names than the one that is called".to_owned(),
        SeenCertificate::UnknownIssuer => "no known authority has signed it, or the server sends it without the \
            certificates between it and the authority; if the authority is your own, name its certificate in \
            OUTBOUND_CA_FILE"
            .to_owned(),
        SeenCertificate::Refused(reason) => reason.clone(),
    };
    Finding::fail(ID, format!("its certificate is not accepted: {why}"))
}

fn valid(end: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Finding {
    let Some(end) = end else {
        return Finding::ok(ID, "its certificate is accepted");
    };
    let left = end - now;
    let finding = if left < RENEWED_BEFORE {
        let days = match left.num_days() {
            0 => "a day at most".to_owned(),
            1 => "a day".to_owned(),
            days => format!("{days} days"),
        };
        let says = format!(
            "its certificate ends in {days}, and what renews it should have done so by now: look at the log of that \
             program, and whether its port or its access to the DNS is open"
        );
        Finding::warn(ID, says)
    } else {
        Finding::ok(ID, "its certificate is accepted")
    };
    finding.with(format!("until {}", day(end)))
}

fn day(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d").to_string()
}
