export { mayAct, ROLES, type Role } from '../../access/role.ts';
