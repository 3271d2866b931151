/// What the service does not do, in a sentence for whoever asked.
package struct ServiceError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of refusal it is; each has a status in HTTP.
    package enum Code: Sendable, Hashable { case badRequest, unauthorized, forbidden, notFound, conflict, tooLarge, timeout, unwritten }
    package let code: Code
    package let message: String
    package var description: String { message }

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
