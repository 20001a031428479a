/** What a program does every day, whoever calls it. @param {Date} day @returns {Promise<number>} how many were sent */
export async function sendReports(day) {
  return day.getUTCDate();
}

export async function refreshCache() {}
