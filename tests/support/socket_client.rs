//! A client that sends and reads the bytes of HTTP itself, as slowly and wrongly as a test wants.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};

use socket2::{Domain, Socket, Type};

use super::waiting::WAIT_LIMIT;

/// One connection.
pub(crate) struct SocketClient {
    stream: TcpStream,
}

impl SocketClient {
    /// A connection to a server.
    pub(crate) fn connect(server: SocketAddr) -> Self {
        Self::with_stream(TcpStream::connect(server).expect("a connection"))
    }

    /// A connection to a server from an address of this machine. Every address that begins with 127 is one.
    pub(crate) fn connect_from(address: impl Into<IpAddr>, server: SocketAddr) -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        socket.bind(&SocketAddr::new(address.into(), 0).into()).expect("an address of this machine");
        socket.connect(&server.into()).expect("a connection");
        Self::with_stream(socket.into())
    }

    fn with_stream(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(WAIT_LIMIT)).expect("a socket");
        stream.set_write_timeout(Some(WAIT_LIMIT)).expect("a socket");
        Self { stream }
    }

    /// Sends bytes. Returns whether the server still accepts them.
    pub(crate) fn try_send(&mut self, text: &str) -> bool {
        self.stream.write_all(text.as_bytes()).is_ok()
    }

    /// Sends bytes, which the server must accept.
    #[track_caller]
    pub(crate) fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).expect("the server accepts bytes");
    }

    /// Sends bytes that need not be text.
    #[track_caller]
    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("the server accepts bytes");
    }

    /// Sends the last bytes: the server sees the end of them.
    pub(crate) fn finish_sending(&self) {
        self.stream.shutdown(std::net::Shutdown::Write).expect("an open connection");
    }

    /// Reads the head of a response.
    pub(crate) fn read_head(&mut self) -> String {
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r\n") {
            match self.stream.read(&mut byte) {
                Ok(1..) => head.push(byte[0]),
                Ok(_) => panic!("the connection ended after {:?}", String::from_utf8_lossy(&head)),
                Err(error) => panic!("{error} after {:?}", String::from_utf8_lossy(&head)),
            }
        }
        String::from_utf8(head).expect("text")
    }

    /// Reads a response whose head has the length of its body.
    pub(crate) fn read_response(&mut self) -> String {
        let head = self.read_head();
        let (_, rest) = head.split_once("content-length: ").expect("a length");
        let length = rest.split("\r\n").next().and_then(|length| length.parse().ok()).expect("a number");
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).expect("a body");
        head + &String::from_utf8_lossy(&body)
    }

    /// Reads everything until the server closes the connection, in order or not.
    #[track_caller]
    pub(crate) fn read_to_end(&mut self) -> String {
        let mut all = Vec::new();
        match self.stream.read_to_end(&mut all) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            Err(error) => panic!("still open: {error}"),
        }
        String::from_utf8_lossy(&all).into_owned()
    }

    /// Whether the server has closed the connection. Skips what it sent.
    pub(crate) fn is_closed(&mut self) -> bool {
        self.stream.set_nonblocking(true).expect("a socket");
        let read = self.skip_received();
        self.stream.set_nonblocking(false).expect("a socket");
        !matches!(read, Err(error) if error.kind() == ErrorKind::WouldBlock)
    }

    fn skip_received(&mut self) -> io::Result<()> {
        let mut buffer = [0; 4096];
        while self.stream.read(&mut buffer)? > 0 {}
        Ok(())
    }
}
