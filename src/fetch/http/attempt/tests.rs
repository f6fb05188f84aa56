//! Tests redirects from a server with TLS, whose certificate only these tests trust.

use std::cell::RefCell;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::thread;
use std::time::Duration;

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use openssl::ssl::{SslAcceptor, SslMethod};
use openssl::x509::extension::SubjectAlternativeName;
use openssl::x509::{X509, X509NameBuilder};
use tempfile::TempDir;
use ureq::tls::{Certificate, RootCerts};
use url::Url;

use super::HttpAttempt;
use crate::domain::source::Validators;
use crate::fetch::http::cancel_token::with_cancel_token;
use crate::fetch::http::cookies::CookieJar;
use crate::fetch::http::request::OutgoingRequest;
use crate::fetch::http::response::FetchResponse;
use crate::fetch::http::settings::HttpSettings;
use crate::fetch::http::transport::agent_trusting;
use crate::fetch::http::web_address::RedirectScope;
use crate::fetch::{FetchRequest, SilentObserver};

/// A server with TLS that answers every request with a redirect to `to`.
struct TlsServer {
    port: u16,
    certificate: X509,
}

impl TlsServer {
    fn redirecting_to(to: &str) -> Self {
        let key = PKey::from_rsa(Rsa::generate(2048).expect("a key")).expect("a key");
        let mut name = X509NameBuilder::new().expect("a name");
        name.append_entry_by_text("CN", "localhost").expect("a name");
        let name = name.build();
        let mut builder = X509::builder().expect("a certificate");
        builder.set_version(2).expect("a version");
        builder.set_serial_number(&BigNum::from_u32(1).expect("1").to_asn1_integer().expect("1")).expect("a number");
        builder.set_subject_name(&name).expect("a name");
        builder.set_issuer_name(&name).expect("a name");
        builder.set_pubkey(&key).expect("a key");
        builder.set_not_before(&Asn1Time::days_from_now(0).expect("a time")).expect("a time");
        builder.set_not_after(&Asn1Time::days_from_now(1).expect("a time")).expect("a time");
        let names = SubjectAlternativeName::new().dns("localhost").build(&builder.x509v3_context(None, None));
        builder.append_extension(names.expect("names")).expect("names");
        builder.sign(&key, MessageDigest::sha256()).expect("a signature");
        let certificate = builder.build();
        let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls()).expect("an acceptor");
        acceptor.set_private_key(&key).expect("a key");
        acceptor.set_certificate(&certificate).expect("a certificate");
        let acceptor = acceptor.build();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let to = to.to_owned();
        thread::spawn(move || {
            for stream in listener.incoming() {
                // A client that does not trust the certificate ends the handshake.
                let Ok(mut stream) = acceptor.accept(stream.expect("a connection")) else { continue };
                assert!(stream.read(&mut [0; 4096]).expect("a request") > 0);
                let head = format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
                stream.write_all(head.as_bytes()).expect("a response");
            }
        });
        Self { port, certificate }
    }

    /// Requests this server; returns the code of the failure.
    fn request(&self, is_trusted: bool) -> &'static str {
        let folder = TempDir::new().expect("a folder");
        let settings = HttpSettings {
            max_bytes: 10_000,
            allow: "localhost, 127.0.0.1".parse().expect("hosts"),
            work_dir: folder.path().to_owned(),
            google_url: Url::parse("https://docs.google.com").expect("an address"),
        };
        let address = format!("https://localhost:{}/albums.csv", self.port);
        let request = OutgoingRequest::table(&address, RedirectScope::Anywhere);
        let (validators, limit) = (Validators::default(), Duration::from_secs(20));
        let fetch_request = FetchRequest::for_probe(&validators, limit);
        let cookies = RefCell::<CookieJar>::default();
        let url = Url::parse(&address).expect("an address");
        let result = with_cancel_token(&SilentObserver, limit, limit, |cancel| {
            let mut attempt =
                HttpAttempt::new(&settings, &request, &fetch_request, (&SilentObserver, cancel), &cookies);
            if is_trusted {
                let authority = Certificate::from_der(&self.certificate.to_der().expect("a certificate")).to_owned();
                attempt.agent = agent_trusting(&attempt.connection, RootCerts::new_with_certs(&[authority]));
            }
            attempt.follow(url)
        });
        match result {
            Ok(FetchResponse::Body(_)) => "fetched",
            Ok(FetchResponse::NotModified(_)) => "not_modified",
            Err(failure) => failure.code(),
        }
    }
}

#[test]
fn a_server_with_tls_cannot_redirect_to_one_without() {
    let forbidden = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    forbidden.set_nonblocking(true).expect("a listener");
    let port = forbidden.local_addr().expect("an address").port();
    let server = TlsServer::redirecting_to(&format!("http://127.0.0.1:{port}/albums.csv"));
    assert_eq!(server.request(true), "insecure_redirect");
    assert!(forbidden.accept().is_err(), "the server without TLS was asked");
}

#[test]
fn a_server_with_tls_can_redirect_to_another_one_with_tls() {
    let last = TlsServer::redirecting_to("http://127.0.0.1:9/");
    let first = TlsServer::redirecting_to(&format!("https://localhost:{}/moved.csv", last.port));
    assert_eq!(
        first.request(true),
        "tls",
        "the redirect is followed, and the certificate of the last server is unknown"
    );
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    assert_eq!(TlsServer::redirecting_to("https://localhost/").request(false), "tls");
}
