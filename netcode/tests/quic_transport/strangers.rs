//! Those who should not be here: other pins, other protocols, garbage, second streams.

use super::*;

#[tokio::test]
async fn another_pin_is_a_wrong_pin() {
    let mut listener = listener();
    let addr = listener.local_addr();
    let result = Connection::connect(addr, Pin([0; 32]), PATIENCE).await;
    assert!(
        matches!(result, Err(ConnectError::WrongPin { .. })),
        "{result:?}"
    );
    // And the relay never hears of it: the next peer is the first.
    let mut client = connect(&listener).await;
    greet(&mut client, &mut listener).await;
    assert_eq!(listener.stats().failed, 1);
}

#[tokio::test]
async fn another_protocol_is_refused() {
    let listener = listener();
    let verifier = PinVerifier::new(listener.pin());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"phalanx/0".to_vec()];
    let config = quinn::ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls).unwrap()));
    let endpoint = quinn::Endpoint::client(LOCALHOST).unwrap();
    let connecting = endpoint
        .connect_with(config, listener.local_addr(), "any")
        .unwrap();
    let error = connecting.await.unwrap_err().to_string();
    assert!(error.contains("error 120"), "{error}");
}

#[tokio::test]
async fn a_relay_of_another_protocol_is_a_version_mismatch() {
    let key = rcgen::generate_simple_self_signed(["any".to_owned()]).unwrap();
    let certificate = key.cert.der().clone();
    let pin = Pin::of(&certificate);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let der = rustls::pki_types::PrivatePkcs8KeyDer::from(key.signing_key.serialize_der());
    let mut tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], der.into())
        .unwrap();
    tls.alpn_protocols = vec![b"phalanx/2".to_vec()];
    let tls = quinn_proto::crypto::rustls::QuicServerConfig::try_from(tls).unwrap();
    let config = quinn::ServerConfig::with_crypto(Arc::new(tls));
    let endpoint = quinn::Endpoint::server(config, LOCALHOST).unwrap();
    let addr = endpoint.local_addr().unwrap();
    tokio::spawn(async move {
        while let Some(incoming) = endpoint.accept().await {
            let _ = incoming.await;
        }
    });
    let result = Connection::connect(addr, pin, PATIENCE).await;
    assert!(
        matches!(result, Err(ConnectError::VersionMismatch)),
        "{result:?}"
    );
}

#[tokio::test]
async fn garbage_at_the_port_disturbs_nobody() {
    let mut listener = listener();
    let mut client = connect(&listener).await;
    let peer = greet(&mut client, &mut listener).await;
    let stranger = tokio::net::UdpSocket::bind(LOCALHOST).await.unwrap();
    let mut state = 1u64;
    for round in 0..200_u64 {
        for length in [1, 20, 64, 1200, 1452] {
            let garbage = std::iter::repeat_with(|| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(round | 1);
                state.to_le_bytes()[7]
            });
            let garbage: Vec<u8> = garbage.take(length).collect();
            stranger
                .send_to(&garbage, listener.local_addr())
                .await
                .unwrap();
        }
        client.send(Channel::Control, b"x");
    }
    let mut heard = 0;
    while heard < 200 {
        heard += bytes_of(event(&mut listener).await, peer).1.len();
    }
    assert_eq!(listener.stats().peers, 1);
}

#[tokio::test]
async fn a_second_stream_closes_its_peer_only() {
    let mut listener = listener();
    let mut good = connect(&listener).await;
    let good_peer = greet(&mut good, &mut listener).await;

    let endpoint = quinn::Endpoint::client(LOCALHOST).unwrap();
    let config = settings::client_config(&PinVerifier::new(listener.pin()));
    let connecting = endpoint
        .connect_with(config, listener.local_addr(), "any")
        .unwrap();
    let bad = connecting.await.unwrap();
    let (mut first, _receive) = bad.open_bi().await.unwrap();
    first.write_all(b"hello").await.unwrap();
    let bad_peer = event(&mut listener).await.peer;
    bytes_of(event(&mut listener).await, bad_peer);
    let (mut second, _receive) = bad.open_bi().await.unwrap();
    second.write_all(b"hello").await.unwrap();
    let reason = gone(event(&mut listener).await, bad_peer);
    assert_eq!(reason, Disconnect::Locally(CloseReason::Unexpected));

    good.send(Channel::Datagram, b"still here");
    let received = bytes_of(event(&mut listener).await, good_peer);
    assert_eq!(received, (Channel::Datagram, b"still here".to_vec()));
}

/// More at once than the relay lets connect at a time, and none of them says anything.
#[tokio::test]
async fn a_crowd_is_asked_back_and_turned_away_but_harms_nobody() {
    let mut listener = listener();
    let mut client = connect(&listener).await;
    let peer = greet(&mut client, &mut listener).await;
    let connector = Arc::new(Connector::bind(LOCALHOST).unwrap());
    let (addr, pin) = (listener.local_addr(), listener.pin());
    let mut crowd = tokio::task::JoinSet::new();
    for _ in 0..settings::MAX_PENDING + 50 {
        let connector = Arc::clone(&connector);
        crowd.spawn(async move { connector.connect(addr, pin, PATIENCE).await });
    }
    let (mut silent, mut busy) = (Vec::new(), 0);
    while let Some(result) = crowd.join_next().await {
        match result.unwrap() {
            Ok(connection) => silent.push(connection),
            Err(ConnectError::Busy) => busy += 1,
            // On a machine so slow that the handshakes of all do not fit into their time.
            Err(ConnectError::Timeout { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
    let stats = listener.stats();
    println!("{} let in, {busy} turned away: {stats:?}", silent.len());
    assert!(stats.retried > 0, "{stats:?}");
    // One that asks again before it hears the answer is refused twice.
    assert!(stats.refused >= busy, "{stats:?}");
    assert_eq!(stats.peers, 1, "who says nothing is no peer");
    client.send(Channel::Control, b"still here");
    let received = bytes_of(event(&mut listener).await, peer);
    assert_eq!(received, (Channel::Control, b"still here".to_vec()));
}
