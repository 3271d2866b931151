import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// A webhook that takes `{"text": …}`, as Slack, Mattermost and others do.
package struct Webhook: AlarmReceiver {
    private let url: String

    package let name = "the webhook"

    /// - Parameter url: is a secret: whoever knows it can write.
    package init(url: String) { self.url = url }

    /// Slack takes these three for its own marks ("Formatting text for app surfaces" in its documentation), such as in `L<nn>_points.json`.
    static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }

    private struct Message: Encodable { let text: String }

    package func send(_ alarm: Alarm) async throws {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        let body = try JSONEncoder().encode(Message(text: Self.escaped(alarm.lines.joined(separator: "\n"))))
        request.body = .bytes(ByteBuffer(bytes: body))
        let status: Int
        do {
            status = Int(try await HTTPClient.shared.execute(request, timeout: .seconds(20)).status.code)
        } catch let error as HTTPClientError {
            throw AlarmFailure("the webhook cannot be reached: \(error.shortDescription)")
        } catch {
            // Other errors may carry the address, which is a secret.
            throw AlarmFailure("the webhook cannot be reached (\(type(of: error)))")
        }
        guard (200 ..< 300).contains(status) else {
            // 408 and 429 ask for another time (RFC 9110, RFC 6585).
            throw AlarmFailure("the webhook answered with status \(status)", isPermanent: (400 ..< 500).contains(status) && ![408, 429].contains(status))
        }
    }
}
