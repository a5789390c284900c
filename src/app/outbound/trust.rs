//! Which certificates of other servers are trusted.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, ensure};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use webpki_roots::TLS_SERVER_ROOTS;

/// Trusts the public authorities, and those of the operator's file.
pub fn configuration(ca_file: Option<&Path>) -> anyhow::Result<ClientConfig> {
    let mut roots = TLS_SERVER_ROOTS.iter().cloned().collect::<RootCertStore>();
    if let Some(file) = ca_file {
        add(&mut roots, file).with_context(|| format!("OUTBOUND_CA_FILE ({})", file.display()))?;
    }
    let configuration = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(configuration)
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
