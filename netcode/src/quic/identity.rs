//! [`Identity`]: who a relay is; [`Pin`]: how a client knows it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};
use ring::digest;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, SignatureScheme};

use super::settings::{ALPN, SERVER_NAME};

/// The SHA-256 of a relay's certificate (DER): 64 hexadecimal digits in text. A client that was told
/// the pin over a trusted way needs no authority to know the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pin(pub [u8; 32]);

/// Text that is not a [`Pin`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PinError {
    /// Too short or too long.
    #[error("a pin has 64 hexadecimal digits, not {0} bytes")]
    Length(usize),
    /// Something else than `0-9`, `a-f`, `A-F`.
    #[error("byte {0} of the pin is not a hexadecimal digit")]
    Digit(usize),
}

impl Pin {
    /// The pin of a certificate in DER.
    #[must_use]
    pub fn of(certificate: &[u8]) -> Self {
        let mut pin = [0; 32];
        pin.copy_from_slice(digest::digest(&digest::SHA256, certificate).as_ref());
        Self(pin)
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Pin {
    type Err = PinError;

    fn from_str(text: &str) -> Result<Self, PinError> {
        if text.len() != 64 {
            return Err(PinError::Length(text.len()));
        }
        let mut pin = [0; 32];
        for (at, &byte) in text.as_bytes().iter().enumerate() {
            let digit = match byte {
                b'0'..=b'9' => byte - b'0',
                b'a'..=b'f' => byte - b'a' + 10,
                b'A'..=b'F' => byte - b'A' + 10,
                _ => return Err(PinError::Digit(at)),
            };
            pin[at / 2] |= if at % 2 == 0 { digit << 4 } else { digit };
        }
        Ok(Self(pin))
    }
}

/// A relay's own certificate (ECDSA P-256, signed by itself) with its key. Nobody vouches for it:
/// clients accept it by its [`Pin`].
#[derive(Clone)]
pub struct Identity {
    pin: Pin,
    tls: Arc<rustls::ServerConfig>,
}

/// No certificate could be made.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// Its key or signature failed.
    #[error("cannot make a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// TLS does not take it.
    #[error("cannot use the certificate: {0}")]
    Tls(#[from] rustls::Error),
}

impl Identity {
    /// Makes a new key and certificate, in memory only.
    pub fn generate() -> Result<Self, IdentityError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let certificate = CertificateParams::new([SERVER_NAME.to_owned()])?.self_signed(&key)?;
        let certificate = certificate.der().clone();
        let pin = Pin::of(&certificate);
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let mut tls = rustls::ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key.into())?;
        tls.alpn_protocols = vec![ALPN.to_vec()];
        // Nobody resumes: a client keeps no TLS session, so tickets would be sent for nothing.
        tls.send_tls13_tickets = 0;
        Ok(Self {
            pin,
            tls: Arc::new(tls),
        })
    }

    /// What clients have to know.
    #[must_use]
    pub const fn pin(&self) -> Pin {
        self.pin
    }

    pub(super) fn tls(&self) -> Arc<rustls::ServerConfig> {
        Arc::clone(&self.tls)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("pin", &self.pin)
            .finish_non_exhaustive()
    }
}

/// Accepts exactly the certificate behind one [`Pin`], whatever its names and dates, and checks that
/// the server holds its key. Remembers whether it turned a certificate away; so one per connection.
#[derive(Debug)]
pub struct PinVerifier {
    pin: Pin,
    mismatched: AtomicBool,
    provider: Arc<CryptoProvider>,
}

impl PinVerifier {
    /// A verifier that has seen no certificate yet.
    #[must_use]
    pub fn new(pin: Pin) -> Arc<Self> {
        Arc::new(Self {
            pin,
            mismatched: AtomicBool::new(false),
            provider: provider(),
        })
    }

    /// Whether a server showed another certificate.
    #[must_use]
    pub fn mismatched(&self) -> bool {
        self.mismatched.load(Ordering::Relaxed)
    }

    /// The TLS of a client that trusts this verifier alone.
    pub(super) fn tls(self: &Arc<Self>) -> rustls::ClientConfig {
        let mut tls = rustls::ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("ring has TLS 1.3")
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(self) as Arc<dyn ServerCertVerifier>)
            .with_no_client_auth();
        tls.alpn_protocols = vec![ALPN.to_vec()];
        tls.resumption = rustls::client::Resumption::disabled();
        tls
    }
}

impl ServerCertVerifier for PinVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if Pin::of(end_entity) == self.pin {
            return Ok(ServerCertVerified::assertion());
        }
        self.mismatched.store(true, Ordering::Relaxed);
        Err(CertificateError::ApplicationVerificationFailure.into())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// Named, not left to rustls' process-wide default: another crate of the program may set that.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_read_back_from_text() {
        let identity = Identity::generate().unwrap();
        let text = identity.pin().to_string();
        assert_eq!(text.len(), 64);
        assert_eq!(text.parse(), Ok(identity.pin()));
        assert_eq!(text.to_uppercase().parse(), Ok(identity.pin()));
    }

    #[test]
    fn wrong_pins_are_told_in_words() {
        let error = "12".parse::<Pin>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "a pin has 64 hexadecimal digits, not 2 bytes"
        );
        let text = "0".repeat(63) + "g";
        assert_eq!(text.parse::<Pin>(), Err(PinError::Digit(63)));
        let text = "é".repeat(32);
        assert_eq!(text.parse::<Pin>(), Err(PinError::Digit(0)));
    }

    #[test]
    fn every_identity_is_another() {
        let [one, two] = [(); 2].map(|()| Identity::generate().unwrap());
        assert_ne!(one.pin(), two.pin());
    }
}
