import CCurl
import Foundation

extension AddressGuard {
    /// Why no connection is made to an address, as a sentence.
    struct Objection: Error {
        let reason: String
    }

    /// A socket to connect with to the address that libcurl is about to call.
    ///
    /// - Parameter address: what libcurl hands to the one who opens its sockets.
    /// - Returns: the socket, or what the guard has against the address.
    func socket(to address: UnsafeMutablePointer<curl_sockaddr>) -> Result<curl_socket_t, Objection> {
        let (family, offset) = (address.pointee.family, MemoryLayout<curl_sockaddr>.offset(of: \.addr) ?? 0)
        guard let target = IPAddress(UnsafeRawPointer(address) + offset, family: family) else {
            return .failure(Objection(reason: "the address is none of the internet protocol"))
        }
        if let reason = objection(to: target) { return .failure(Objection(reason: reason)) }
        let kind = address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
        return .success(Foundation.socket(family, kind, address.pointee.protocol))
    }
}
