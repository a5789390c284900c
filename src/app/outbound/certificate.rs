//! Looks at the certificate of a server while a connection is made.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

/// A certificate that ends within this time should have been renewed.
pub const RENEWED_BEFORE: TimeDelta = TimeDelta::days(21);

/// Verifies certificates as every connection does, at a time of its own, and keeps what came of the last one.
#[derive(Debug)]
pub struct CertificateWatch {
    verifier: Arc<WebPkiServerVerifier>,
    now: DateTime<Utc>,
    seen: Mutex<Option<SeenCertificate>>,
}

/// What came of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SeenCertificate {
    /// It verifies until then; `None` for a time beyond all calendars.
    Verifies(Option<DateTime<Utc>>),
    Ended(DateTime<Utc>),
    NotValidYet,
    /// It is for another name than the one that was called.
    OtherName,
    UnknownIssuer,
    /// The reason is the TLS library's.
    Refused(String),
}

impl CertificateWatch {
    #[must_use]
    pub fn new(verifier: Arc<WebPkiServerVerifier>, now: DateTime<Utc>) -> Self {
        Self {
            verifier,
            now,
            seen: Mutex::new(None),
        }
    }

    /// What came of the last certificate; `None` if no server has shown one.
    #[must_use]
    pub fn seen(&self) -> Option<SeenCertificate> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ServerCertVerifier for CertificateWatch {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let at = |time: DateTime<Utc>| {
            let verifier = &self.verifier;
            verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, unix_time(time))
        };
        let verified = at(self.now);
        let seen = match &verified {
            Ok(_) => {
                // The error of a later time tells the end. An intermediate certificate may end before the server's.
                let later = [self.now + RENEWED_BEFORE, DateTime::<Utc>::MAX_UTC];
                SeenCertificate::Verifies(later.into_iter().find_map(|time| end(&at(time).err()?)))
            }
            Err(error) => refusal(error),
        };
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
        verified
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

fn unix_time(time: DateTime<Utc>) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(time.timestamp().try_into().unwrap_or_default()))
}

/// When the certificate ended, if that is why it is refused.
fn end(error: &Error) -> Option<DateTime<Utc>> {
    match error {
        Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. }) => {
            DateTime::from_timestamp(not_after.as_secs().try_into().ok()?, 0)
        }
        _ => None,
    }
}

fn refusal(error: &Error) -> SeenCertificate {
    if let Some(end) = end(error) {
        return SeenCertificate::Ended(end);
    }
    match error {
        Error::InvalidCertificate(CertificateError::NotValidYetContext { .. }) => SeenCertificate::NotValidYet,
        Error::InvalidCertificate(CertificateError::NotValidForNameContext { .. }) => SeenCertificate::OtherName,
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => SeenCertificate::UnknownIssuer,
        _ => SeenCertificate::Refused(error.to_string()),
    }
}
