//! Which certificates of other servers are trusted.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, ensure};
use chrono::{DateTime, Utc};
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};
use webpki_roots::TLS_SERVER_ROOTS;

use super::certificate::CertificateWatch;

/// Trusts the public authorities, and those of the operator's file.
pub fn configuration(ca_file: Option<&Path>) -> anyhow::Result<ClientConfig> {
    let roots = roots(ca_file)?;
    Ok(builder()?.with_root_certificates(roots).with_no_client_auth())
}

/// Trusts the same at the time `now`, and tells what came of the certificates.
pub fn watched(ca_file: Option<&Path>, now: DateTime<Utc>) -> anyhow::Result<(ClientConfig, Arc<CertificateWatch>)> {
    let (roots, provider) = (Arc::new(roots(ca_file)?), Arc::new(default_provider()));
    let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider).build()?;
    let watch = Arc::new(CertificateWatch::new(verifier, now));
    // rustls calls a verifier of our own dangerous. This one hands each decision over to rustls's own.
    let verifying = builder()?.dangerous().with_custom_certificate_verifier(watch.clone());
    Ok((verifying.with_no_client_auth(), watch))
}

fn builder() -> anyhow::Result<ConfigBuilder<ClientConfig, WantsVerifier>> {
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    Ok(builder.with_safe_default_protocol_versions()?)
}

fn roots(ca_file: Option<&Path>) -> anyhow::Result<RootCertStore> {
    let mut roots = TLS_SERVER_ROOTS.iter().cloned().collect::<RootCertStore>();
    if let Some(file) = ca_file {
        add(&mut roots, file).with_context(|| format!("OUTBOUND_CA_FILE ({})", file.display()))?;
    }
    Ok(roots)
}

fn add(roots: &mut RootCertStore, file: &Path) -> anyhow::Result<()> {
    let certificates = CertificateDer::pem_file_iter(file).context("can't be read")?;
    let before = roots.len();
    for certificate in certificates {
        let certificate = certificate.context("is no list of certificates in PEM")?;
        roots
            .add(certificate)
            .context("holds a certificate that can't be trusted")?;
    }
    ensure!(roots.len() > before, "holds no certificate in PEM");
    Ok(())
}
