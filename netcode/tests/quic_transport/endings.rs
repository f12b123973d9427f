//! Every way in which a connection ends.

use super::*;

#[tokio::test]
async fn reasons_arrive_at_the_other_end() {
    let mut listener = listener();
    let mut client = connect(&listener).await;
    let peer = greet(&mut client, &mut listener).await;
    listener.close(peer, CloseReason::SessionFull);
    let closed = client_event(&mut client).await;
    assert_eq!(
        closed,
        ConnectionEvent::Closed(Disconnect::ByPeer(CloseReason::SessionFull))
    );
    assert_eq!(
        client_event(&mut client).await,
        closed,
        "and again when asked again"
    );
    let reason = gone(event(&mut listener).await, peer);
    assert_eq!(reason, Disconnect::Locally(CloseReason::SessionFull));

    let mut client = connect(&listener).await;
    let peer = greet(&mut client, &mut listener).await;
    client.close(CloseReason::Malformed);
    let reason = gone(event(&mut listener).await, peer);
    assert_eq!(reason, Disconnect::ByPeer(CloseReason::Malformed));
    let closed = client_event(&mut client).await;
    assert_eq!(
        closed,
        ConnectionEvent::Closed(Disconnect::Locally(CloseReason::Malformed))
    );
}

#[tokio::test]
async fn a_stopped_listener_tells_all_and_ends() {
    let mut listener = listener();
    let mut client = connect(&listener).await;
    let peer = greet(&mut client, &mut listener).await;
    listener.stop(CloseReason::Ended);
    let reason = gone(event(&mut listener).await, peer);
    assert_eq!(reason, Disconnect::Locally(CloseReason::Ended));
    assert_eq!(timeout(PATIENCE, listener.next()).await.unwrap(), None);
    let closed = client_event(&mut client).await;
    assert_eq!(
        closed,
        ConnectionEvent::Closed(Disconnect::ByPeer(CloseReason::Ended))
    );
    timeout(PATIENCE, listener.drained()).await.unwrap();
}

#[tokio::test]
async fn a_dropped_client_is_seen_to_leave() {
    let mut listener = listener();
    let mut client = connect(&listener).await;
    let peer = greet(&mut client, &mut listener).await;
    drop(client);
    let reason = gone(event(&mut listener).await, peer);
    assert_eq!(reason, Disconnect::ByPeer(CloseReason::Left));
    assert_eq!(listener.stats().peers, 0);
}

#[test]
fn a_killed_client_is_seen_to_time_out() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    let (relay, player) = (runtime(), runtime());
    let mut listener = relay.block_on(async { listener() });
    let (addr, pin) = (listener.local_addr(), listener.pin());
    let served = relay.spawn(async move {
        let peer = event(&mut listener).await.peer;
        event(&mut listener).await;
        let limit = settings::IDLE_TIMEOUT + PATIENCE;
        let last = timeout(limit, listener.next()).await.unwrap().unwrap();
        gone(last, peer)
    });
    let killed = std::thread::Builder::new().spawn(move || {
        let client = player.block_on(async {
            let mut client = Connection::connect(addr, pin, PATIENCE).await.unwrap();
            client.send(Channel::Control, b"hello");
            tokio::time::sleep(Duration::from_millis(300)).await;
            client
        });
        // Its sockets and timers go first, so it cannot say goodbye.
        player.shutdown_background();
        client
    });
    let reason = relay.block_on(served).unwrap();
    assert_eq!(reason, Disconnect::TimedOut);
    drop(killed);
}

#[tokio::test]
async fn a_peer_without_control_is_turned_away() {
    let mut listener = listener();
    let mut silent = connect(&listener).await;
    let closed = client_event(&mut silent).await;
    assert_eq!(
        closed,
        ConnectionEvent::Closed(Disconnect::ByPeer(CloseReason::TimedOut))
    );
    assert_eq!(listener.try_next(), None, "the loop never heard of it");
    assert_eq!(listener.stats().failed, 1);
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_closed() {
    let mut listener = listener();
    let mut client = connect(&listener).await;
    let peer = greet(&mut client, &mut listener).await;
    for _ in 0..100 {
        listener.send(peer, Channel::Control, &[0; 64 * 1024]);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let reason = gone(event(&mut listener).await, peer);
    assert_eq!(reason, Disconnect::Locally(CloseReason::Flooding));
}

#[tokio::test]
async fn nobody_there_is_a_timeout_in_time() {
    // Bound, so that nobody else answers there, and mute.
    let mute = tokio::net::UdpSocket::bind(LOCALHOST).await.unwrap();
    let (addr, limit) = (mute.local_addr().unwrap(), Duration::from_millis(400));
    let clock = Clock::start();
    let result = Connection::connect(addr, Pin([0; 32]), limit).await;
    let took = clock.now().since(Time::ZERO);
    assert!(
        matches!(result, Err(ConnectError::Timeout { .. })),
        "{result:?}"
    );
    assert!(took >= limit && took < limit + PATIENCE, "{took:?}");
}
