//! UDP sockets with large buffers, and quinn's endpoint on one.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use quinn::{Endpoint, EndpointConfig, ServerConfig, TokioRuntime};
use socket2::{Domain, Protocol, Socket, Type};

use super::settings::SOCKET_BUFFER;

/// No socket could be opened.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The address is taken, not ours, or not allowed.
    #[error("cannot bind UDP address {addr}: {source}")]
    Io {
        /// The address asked for.
        addr: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Called outside a tokio runtime.
    #[error("the QUIC driver needs a tokio runtime around it")]
    NoRuntime,
}

/// The system granted smaller socket buffers than asked for: bursts of packets may be lost here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketWarning {
    /// Bytes asked for, each way.
    pub asked: usize,
    /// Bytes granted for receiving.
    pub receive: usize,
    /// Bytes granted for sending.
    pub send: usize,
}

impl fmt::Display for SocketWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            asked,
            receive,
            send,
        } = self;
        write!(
            f,
            "the system granted socket buffers of {receive} bytes for receiving and {send} for \
             sending instead of {asked}; bursts may be lost"
        )?;
        if cfg!(target_os = "linux") {
            f.write_str(" (raise net.core.rmem_max and net.core.wmem_max)")?;
        }
        Ok(())
    }
}

/// A socket at `addr`, and whether its buffers are smaller than wanted.
pub(super) fn open(addr: SocketAddr) -> Result<(Socket, Option<SocketWarning>), BindError> {
    let open = || {
        let socket = Socket::new(Domain::for_address(addr), Type::DGRAM, Some(Protocol::UDP))?;
        if addr.is_ipv6() {
            // One socket for both families where the system can; where not, IPv6 alone is fine.
            let _ = socket.set_only_v6(false);
        }
        socket.bind(&addr.into())?;
        Ok(socket)
    };
    let socket = open().map_err(|source| BindError::Io { addr, source })?;
    let warning = enlarge(&socket);
    Ok((socket, warning))
}

/// quinn's endpoint at `addr`, which serves if it has a `server` configuration.
pub(super) fn endpoint(
    addr: SocketAddr,
    server: Option<ServerConfig>,
) -> Result<(Endpoint, Option<SocketWarning>), BindError> {
    if tokio::runtime::Handle::try_current().is_err() {
        return Err(BindError::NoRuntime);
    }
    let (socket, warning) = open(addr)?;
    let config = EndpointConfig::default();
    let endpoint = Endpoint::new(config, server, socket.into(), Arc::new(TokioRuntime))
        .map_err(|source| BindError::Io { addr, source })?;
    Ok((endpoint, warning))
}

fn enlarge(socket: &Socket) -> Option<SocketWarning> {
    // Best effort: the limit is the administrator's, and what counts is what was granted.
    let _ = socket.set_recv_buffer_size(SOCKET_BUFFER);
    let _ = socket.set_send_buffer_size(SOCKET_BUFFER);
    // Linux reports twice the size, the half being for its own bookkeeping.
    let doubled = if cfg!(target_os = "linux") { 2 } else { 1 };
    let receive = socket.recv_buffer_size().unwrap_or(0) / doubled;
    let send = socket.send_buffer_size().unwrap_or(0) / doubled;
    let short = receive < SOCKET_BUFFER || send < SOCKET_BUFFER;
    short.then_some(SocketWarning {
        asked: SOCKET_BUFFER,
        receive,
        send,
    })
}
