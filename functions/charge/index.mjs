class PaymentDeclined extends Error {
  name = 'PaymentDeclined'
}

/** Charges an order. Whoever orders more than 1,000 pieces is declined, so that the failing branch can be seen. */
export const handler = async ({ order }) => {
  const pieces = order.lines.reduce((sum, line) => sum + line.quantity, 0)
  if (pieces > 1000) throw new PaymentDeclined(`${pieces} pieces are more than the card allows`)
  return { chargeId: `ch_${order.id}`, pieces }
}
