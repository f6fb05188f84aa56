//! The addresses that count as one client.

use std::net::{IpAddr, Ipv6Addr};

/// How many bits of an IPv6 address name a network. Whoever has one address of it usually has them all (RFC 6177).
const NETWORK_BITS: u32 = 64;

/// An IPv4 address, or the network of an IPv6 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct AddressGroup(IpAddr);

impl AddressGroup {
    /// The group of an address. An IPv4 address that was mapped to IPv6 counts as IPv4.
    pub(super) fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => {
                let network = u128::from(address) >> NETWORK_BITS << NETWORK_BITS;
                IpAddr::V6(Ipv6Addr::from(network))
            }
            address @ IpAddr::V4(_) => address,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::AddressGroup;

    fn is_one_group(first: &str, second: &str) -> bool {
        let [first, second] = [first, second].map(|text| AddressGroup::of(text.parse().expect("an address")));
        first == second
    }

    #[test]
    fn each_ipv4_address_is_a_group() {
        assert!(is_one_group("192.0.2.1", "192.0.2.1"));
        assert!(is_one_group("192.0.2.1", "::ffff:192.0.2.1"));
        assert!(!is_one_group("192.0.2.1", "192.0.2.2"));
    }

    #[test]
    fn the_addresses_of_an_ipv6_network_are_one_group() {
        assert!(is_one_group("2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff"));
        assert!(!is_one_group("2001:db8:0:1::1", "2001:db8:0:2::1"));
    }
}
